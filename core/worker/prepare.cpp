#include "core/worker/prepare.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/data/item_texts.h"
#include "core/run/artefact_folder.h"
#include "core/spec/plugin_info.h"
#include "core/train/sampler.h"
#include "core/worker/attempt.h"
#include "core/worker/open_data.h"
#include "core/worker/provenance.h"

namespace lea::worker {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The training sequences with the smallest numbers of their own, so that a smaller fraction is a
// subset of a larger one.
TrainingData part_of(const TrainingData& whole, double fraction, uint64_t seed) {
  const int64_t sequences = whole.sequences();
  const auto wanted = static_cast<int64_t>(std::clamp<double>(
      std::ceil(fraction * static_cast<double>(sequences)), 1, static_cast<double>(sequences)));
  if (wanted == sequences) return whole;
  std::vector<int64_t> order(static_cast<size_t>(sequences));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::pair(mix(0x706f7274696f6eULL, seed, static_cast<uint64_t>(a)), a) <
           std::pair(mix(0x706f7274696f6eULL, seed, static_cast<uint64_t>(b)), b);
  });
  order.resize(static_cast<size_t>(wanted));
  std::sort(order.begin(), order.end());
  const int64_t* first = whole.offset.const_data_ptr<int64_t>();
  std::vector<int64_t> offset = {0};
  std::vector<int64_t> events;
  for (const int64_t sequence : order) {
    for (int64_t event = first[sequence]; event < first[sequence + 1]; ++event)
      events.push_back(event);
    offset.push_back(static_cast<int64_t>(events.size()));
  }
  const Tensor index = at::tensor(events, at::kLong);
  TrainingData part = whole;
  part.item = whole.item.index_select(0, index);
  part.offset = at::tensor(offset, at::kLong);
  if (whole.behaviour.defined()) part.behaviour = whole.behaviour.index_select(0, index);
  return part;
}

class HostPrepareContext final : public PrepareContext {
 public:
  HostPrepareContext(const run::ArtefactHeader& header, const OpenData& open, std::string folder,
                     std::string earlier, TaskFolder& task)
      : header_(header),
        data_(*open.data),
        whole_(train::training_events(*open.data, *open.split, header.run.data.history).data),
        folder_(std::move(folder)),
        earlier_(std::move(earlier)),
        task_(task) {}

  int64_t items() const override { return data_.items(); }
  int64_t history() const override {
    allow("history");
    return header_.run.data.history;
  }
  c10::Device device() const override { return header_.device; }
  const TrainingData& training(double fraction, uint64_t seed) override {
    allow("training");
    if (!(fraction > 0 && fraction <= 1))
      throw PluginError("a fraction of the training sequences must be above 0 and at most 1");
    if (fraction == 1) return whole_;
    if (fraction_ != fraction || seed_ != seed) part_ = part_of(whole_, fraction, seed);
    fraction_ = fraction;
    seed_ = seed;
    return part_;
  }
  std::vector<std::string> texts(const std::string& column) override {
    allow("texts");
    return data::item_texts(data_, column);
  }
  std::vector<std::string> text_columns() override {
    allow("texts");
    return data::text_columns(data_);
  }
  Tensor pool() override {
    allow("pool");
    return train::draw_pool(header_.run.negatives, data_.items(), whole_);
  }
  std::string folder() const override { return folder_; }
  std::string earlier() const override {
    if (earlier_.empty())
      throw PluginError("the artefact is made from no other one: it declares no `after`");
    return earlier_;
  }
  void record(const std::string& name, double value) override { quality_[name] = value; }
  bool stop(int64_t done, int64_t total) override {
    const auto now = Clock::now();
    if (std::chrono::duration<double>(now - told_).count() >= kTellSeconds) {
      told_ = now;
      const double seconds = since(start_);
      if (first_ < 0) first_ = done;
      progress_.phase = "prepare";
      progress_.step = done;
      progress_.max_steps = total;
      progress_.steps_per_second = seconds > 0 ? static_cast<double>(done - first_) / seconds : 0;
      tell(run::progress_line(progress_));
      task_.beat(progress_);
    }
    return task_.stop_requested();
  }
  void log(LogLevel level, const std::string& message) override {
    lea::log(level, header_.needed.use.id, message);
  }

  const std::map<std::string, double>& quality() const { return quality_; }

 private:
  static constexpr double kTellSeconds = 0.25;

  void allow(const std::string& what) const {
    const auto& reads = header_.needed.artefact.reads;
    if (std::find(reads.begin(), reads.end(), what) != reads.end()) return;
    throw PluginError(header_.needed.name() + " asks for the " + what +
                      ", which its `reads` does not declare, so the artefact would not be made "
                      "anew when it changes");
  }

  const run::ArtefactHeader& header_;
  const data::Dataset& data_;
  const TrainingData whole_;
  const std::string folder_, earlier_;
  TaskFolder& task_;
  TrainingData part_;
  double fraction_ = 1;
  uint64_t seed_ = 0;
  std::map<std::string, double> quality_;
  run::Progress progress_;
  int64_t first_ = -1;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point told_{};
};

std::string folder_of_earlier(const std::string& lab, const run::ArtefactHeader& header) {
  if (header.after.empty()) return "";
  const run::Folder folder = run::artefact_folder(lab, header.after);
  if (!run::check_artefact(folder, /*sums=*/true)) {
    throw DataError(
        "the artefact " + header.after.substr(0, 12) +
        ", from which this one is made, is not in the lab. `lealab run` makes it first.");
  }
  return folder.file(run::kFilesFolder);
}

run::Making making_of(const run::Folder& folder, const HostPrepareContext& context,
                      const run::ArtefactHeader& header, double seconds) {
  run::Making making;
  making.files = run::record_files(folder);
  if (making.files.empty())
    throw PluginError(header.needed.name() + ": prepare() wrote no file, so nothing was made");
  for (const auto& [name, record] : making.files) {
    if (name.ends_with(".part")) {
      throw PluginError(header.needed.name() + ": prepare() ended, but " + printable(name) +
                        " is not finished");
    }
  }
  making.sha256 = run::sum_of(making.files);
  making.quality = context.quality();
  making.seconds = seconds;
  return making;
}

Ending prepare(const TaskOptions& options, TaskFolder& task, std::optional<MemoryLimit>& limit) {
  const auto start = Clock::now();
  const run::Folder folder = task.folder();
  const run::ArtefactHeader header = run::read_artefact(folder);
  const spec::NeededArtefact& needed = header.needed;
  Registry registry(plugin_folders(options.plugin_dirs));
  const PluginEntry& entry = registry.get(needed.plugin_kind, needed.use.id);
  if (!entry.preparer)
    throw PluginError(needed.use.id + ": this version of the plugin makes no artefacts");
  const LoggedPhase load("worker", "load");
  const OpenData open = open_data(options.lab, header.run, header.threads, header.device);
  const std::string earlier = folder_of_earlier(options.lab, header);
  load.end();
  if (header.device == "cpu") limit.emplace();
  fs::create_directories(folder.file(run::kFilesFolder));
  HostPrepareContext context(header, open, folder.file(run::kFilesFolder), earlier, task);
  const auto preparer = entry.preparer(
      spec::to_values(entry.params, needed.use.params, needed.plugin_kind + " " + needed.use.id));
  const LoggedPhase make("worker", "prepare");
  context.stop(0, 0);
  preparer->prepare(needed.artefact, context);
  if (task.stop_requested()) return {Exit::kInterrupted, {}, "while it was made"};
  make.end();
  run::Result result;
  result.making = making_of(folder, context, header, since(start));
  result.made_with = provenance(registry, header.device);
  return {Exit::kOk, std::move(result), ""};
}

}  // namespace

int run_preparing(const TaskOptions& options) {
  return run_attempt(options, "artefact", [&](TaskFolder& task, std::optional<MemoryLimit>& limit) {
    return prepare(options, task, limit);
  });
}

}  // namespace lea::worker
