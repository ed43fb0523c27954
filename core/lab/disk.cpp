#include "core/lab/disk.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/data/dataset.h"
#include "core/eval/frame.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/spec/wide_state.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFoldersRead = 3;  // of earlier runs of one kind
constexpr int64_t kUnknownItems = 10000, kUnknownEvents = 10000;
// Round guesses of the bytes of the small files of a folder, and of a record of events.jsonl. A test
// holds their sum within a factor of two for short runs of the bundled backbones.
constexpr int64_t kSmallFiles = 6000, kTrainRecord = 150, kValidRecord = 500;
constexpr int64_t kFrame = eval::kFrameHeader + 64;  // with its checksum
constexpr int64_t kRankRecord = sizeof(eval::RankRecord);
constexpr int64_t kCheckpoints = 3, kCopies = 4;  // of the weights in each checkpoint

std::string named(const spec::PluginUse& use) { return "|" + use.id + use.params.dump(); }

std::string network_kind(const spec::RunSpec& run) {
  return run.data.name + named(run.backbone) + named(run.framework) + "|" + run.state.id + "|" +
         run.reward.id + "|" + std::to_string(run.data.history);
}

std::string folder_kind(const spec::RunSpec& run) {
  return network_kind(run) + "|" + split_key(run) + "|" + run.augment.id + "|" +
         (run.evaluate.test ? "|" : "|closed|") + std::to_string(run.train.max_steps) + "|" +
         std::to_string(run.train.validate_every) + "|" + std::to_string(run.train.log_every) +
         "|" + run.train.keep;
}

int64_t integer_in(const nlohmann::json& params, const char* name, int64_t otherwise) {
  const auto found = params.find(name);
  return found != params.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

struct Approximation {
  int64_t parameters = 0;  // all
  int64_t scoring = 0;     // those of one network with one head, on which the scores depend
};

// Twin frameworks, which learn from rewards, train two networks with a supervised head and a Q-head
// each. Other frameworks train one network with one head.
Approximation approximation_of(const spec::RunSpec& run, int64_t items) {
  const nlohmann::json& params = run.backbone.params;
  const int64_t width = spec::hidden_width(run.backbone).value_or(64);
  const int64_t depth = integer_in(params, "layers", 0) + integer_in(params, "blocks", 0);
  const int64_t backbone = (items + 1) * width + std::max<int64_t>(depth, 1) * 6 * width * width;
  const int64_t head = items * (width + 1);
  const bool rewarded = !run.reward.none();
  const auto stated = run.framework.params.find("twin");
  const bool twin = rewarded || (stated != run.framework.params.end() && *stated == true);
  int64_t network = backbone + head * (rewarded ? 2 : 1);
  if (!run.state.none()) network += items * std::max<int64_t>(run.state_use.project, width);
  return {network * (twin ? 2 : 1), backbone + head};
}

// The share of the weights that stays when the run has ended.
double kept_share(const spec::RunSpec& run, int64_t items) {
  if (run.train.keep == "nothing") return 0;
  if (run.train.keep != "scoring") return 1;
  const Approximation approximation = approximation_of(run, items);
  return static_cast<double>(approximation.scoring) / static_cast<double>(approximation.parameters);
}

int64_t events_file(const spec::RunSpec& run) {
  if (!run.reads_train) return 0;
  const spec::TrainSection& train = run.train;
  // A twin framework updates the evaluated network in every other step, and validates by updates.
  const int64_t updates = train.max_steps / (run.reward.none() ? 1 : 2);
  return (train.max_steps / train.log_every + 1) * kTrainRecord +
         (updates / train.validate_every + 1) * kValidRecord;
}

}  // namespace

void DiskModel::add(const run::Folder& folder, const spec::RunSpec& run, int64_t parameters) {
  parameters_[network_kind(run)] = parameters;
  std::vector<run::Folder>& folders = earlier_[folder_kind(run)].folders;
  if (folders.size() < kFoldersRead) folders.push_back(folder);
}

PartSizes DiskModel::sizes_of(const spec::RunSpec& run) const {
  const auto found = sizes_.find(split_key(run));
  if (found != sizes_.end()) return found->second;
  PartSizes sizes{kUnknownItems, kUnknownEvents, kUnknownEvents / 10, kUnknownEvents / 10};
  try {
    if (const auto description = data::describe_dataset(lab_, run.data.name)) {
      const JsonFields counts = JsonFields(*description, run.data.name).object("counts");
      const int64_t events = counts.integer("events");
      sizes = {counts.integer("items"), events, events / 10, events / 10};
    }
  } catch (const Error&) {
    // Opening the data set reports the damage.
  }
  return sizes;
}

int64_t DiskModel::parameters_of(const spec::RunSpec& run, const PartSizes& sizes) const {
  if (!run.reads_train) return 0;
  const auto known = parameters_.find(network_kind(run));
  return known != parameters_.end() ? known->second : approximation_of(run, sizes.items).parameters;
}

DiskUse DiskModel::use(const spec::RunSpec& run) {
  const PartSizes sizes = sizes_of(run);
  const int64_t weights = 4 * parameters_of(run, sizes);
  DiskUse use;
  use.working = kCheckpoints * kCopies * weights;
  const auto found = earlier_.find(folder_kind(run));
  if (found != earlier_.end()) {
    Earlier& earlier = found->second;
    if (earlier.bytes < 0) {
      earlier.bytes = 0;
      for (const run::Folder& folder : earlier.folders) earlier.bytes += folder_bytes(folder.path);
      earlier.bytes /= static_cast<int64_t>(earlier.folders.size());
    }
    use.kept = earlier.bytes;
    use.measured = true;
    return use;
  }
  const auto kept =
      static_cast<int64_t>(static_cast<double>(weights) * kept_share(run, sizes.items));
  use.kept = kept + kFrame + kRankRecord * sizes.valid + events_file(run) + kSmallFiles +
             (run.evaluate.test ? test_bytes(sizes) : 0);
  return use;
}

int64_t DiskModel::test_bytes(const PartSizes& sizes) {
  const auto top = 4 * std::min<int64_t>(eval::kTopItems, sizes.items);
  return 2 * kFrame + (kRankRecord + top) * sizes.test;
}

int64_t folder_bytes(const std::string& path) {
  int64_t bytes = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code vanished;
    if (!entry->is_regular_file(vanished)) continue;
    const auto size = entry->file_size(vanished);
    if (!vanished) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

int64_t free_bytes_for(const std::string& lab) {
  std::error_code error;
  fs::path place = fs::absolute(lab, error);
  while (!fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  const fs::space_info space = fs::space(place, error);
  return error ? -1 : static_cast<int64_t>(space.available);
}

std::string size_text(int64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value,
                kUnits[unit]);
  return text;
}

}  // namespace lea::lab
