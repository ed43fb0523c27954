#include "core/worker/trial_artefacts.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/temporary_folder.h"
#include "core/base/text.h"
#include "core/worker/counting_reads.h"

namespace lea::worker {
namespace {

namespace fs = std::filesystem;

// Sequences `begin` to `end` - 1.
TrainingData slice_of(const TrainingData& whole, int64_t begin, int64_t end) {
  TrainingData part = whole;
  const int64_t first = whole.offset[begin].item<int64_t>(),
                events = whole.offset[end].item<int64_t>() - first;
  part.offset = whole.offset.narrow(0, begin, end - begin + 1) - first;
  part.item = whole.item.narrow(0, first, events);
  if (whole.behaviour.defined()) part.behaviour = whole.behaviour.narrow(0, first, events);
  return part;
}

class TrialPrepareContext final : public PrepareContext {
 public:
  TrialPrepareContext(const Artefact& artefact, const TrialData& data, std::string folder,
                      std::string earlier, int64_t stop_at)
      : artefact_(artefact),
        data_(data),
        folder_(std::move(folder)),
        earlier_(std::move(earlier)),
        left_(stop_at) {}

  int64_t items() const override { return data_.training.items; }
  int64_t history() const override {
    require("history");
    return data_.training.history;
  }
  c10::Device device() const override { return c10::kCPU; }
  const TrainingData& training(double fraction, uint64_t) override {
    part_ = slice_of(data_.training, 0, sequences_in(fraction));
    return part_;
  }
  const TrainingData& rest(double fraction, uint64_t) override {
    rest_ = slice_of(data_.training, sequences_in(fraction), data_.training.sequences());
    return rest_;
  }
  std::vector<std::string> texts(const std::string& column) override {
    require("texts");
    for (const auto& [name, texts] : data_.texts) {
      if (name == column) return texts;
    }
    throw ConfigError("the item texts have no column " + in_backticks(column));
  }
  std::vector<std::string> text_columns() override {
    require("texts");
    std::vector<std::string> columns;
    for (const auto& [name, texts] : data_.texts) columns.push_back(name);
    return columns;
  }
  Tensor pool() override {
    require("pool");
    return data_.pool;
  }
  std::string folder() const override { return folder_; }
  std::string earlier() const override { return earlier_; }
  void record(const std::string& name, double value) override { quality[name] = value; }
  bool stop(int64_t, int64_t) override { return left_-- == 0; }
  void log(LogLevel, const std::string&) override {}  // a trial has no log

  std::map<std::string, double> quality;

 private:
  // A fraction is the first sequences. A run draws other ones, but a trial only needs some.
  int64_t sequences_in(double fraction) const {
    require("training");
    if (!(fraction > 0 && fraction <= 1))
      throw PluginError("a fraction of the training sequences must be above 0 and at most 1");
    return static_cast<int64_t>(
        std::ceil(fraction * static_cast<double>(data_.training.sequences())));
  }
  void require(const std::string& what) const {
    const auto& reads = artefact_.reads;
    if (std::find(reads.begin(), reads.end(), what) == reads.end())
      throw PluginError("the artefact " + artefact_.kind + " reads the " + what +
                        ", which its `reads` does not declare");
  }

  const Artefact& artefact_;
  const TrialData& data_;
  const std::string folder_, earlier_;
  int64_t left_;
  TrainingData part_, rest_;
};

}  // namespace

std::map<std::string, double> make_artefact(const PluginEntry& entry, const ParamValues& values,
                                            const Artefact& artefact, const TrialData& data,
                                            const std::string& folder, const std::string& earlier,
                                            int64_t stop_at) {
  count_artefact(entry, values, artefact, data);
  TrialPrepareContext context(artefact, data, folder, earlier, stop_at);
  entry.preparer(values)->prepare(artefact, context);
  return std::move(context.quality);
}

Counts count_artefact(const PluginEntry& entry, const ParamValues& values, const Artefact& artefact,
                      const TrialData& data) {
  const Artefact counted = with_reads_of_earlier(entry, artefact);
  TrialPrepareContext context(counted, data, "", "", /*stop_at=*/-1);
  return entry.preparer(values)->count(artefact, context);
}

TrialArtefacts::TrialArtefacts(const PluginEntry& entry, const ParamValues& values,
                               const TrialData& data) {
  root_ = make_temporary_folder("lealab-trial");
  std::vector<Artefact> left = entry.artefacts;
  while (!left.empty()) {
    const auto next = std::find_if(left.begin(), left.end(), [&](const Artefact& artefact) {
      return artefact.after.empty() || quality_.contains(artefact.after);
    });
    if (next == left.end()) {
      throw PluginError(entry.id + ": the artefact " + left.front().kind + " is made from `" +
                        printable(left.front().after) + "`, which this plugin does not make");
    }
    const std::string made = root_ + "/" + next->kind;
    fs::create_directory(made);
    quality_[next->kind] = make_artefact(entry, values, *next, data, made,
                                         next->after.empty() ? "" : folder(next->after));
    left.erase(next);
  }
}

TrialArtefacts::~TrialArtefacts() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string TrialArtefacts::folder(const std::string& kind) const {
  if (!quality_.contains(kind)) throw PluginError("there is no artefact `" + printable(kind) + "`");
  return root_ + "/" + kind;
}

const std::map<std::string, double>& TrialArtefacts::quality(const std::string& kind) const {
  return quality_.at(kind);
}

}  // namespace lea::worker
