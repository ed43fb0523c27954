#include "core/lab/space.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/run/folder.h"
#include "core/run/header.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

using Visit = std::function<void(const fs::path& file, int64_t bytes)>;

// Visits each plain file below a folder, or the file itself.
void visit_files(const fs::path& path, const Visit& visit) {
  std::error_code error;
  const auto add = [&](const fs::path& file) {
    std::error_code vanished;
    if (!fs::is_regular_file(fs::symlink_status(file, vanished))) return;
    const auto bytes = fs::file_size(file, vanished);
    if (!vanished) visit(file, static_cast<int64_t>(bytes));
  };
  if (!fs::is_directory(path, error)) return add(path);
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(path, options, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error))
    add(entry->path());
}

// `file` is relative to the folder of the run.
FileKind kind_of(const std::string& file) {
  if (file == run::kBestFile) return FileKind::kNetwork;
  if (file.starts_with(run::kCheckpointFolder)) return FileKind::kCheckpoints;
  if (file == run::kRanksFile || file == run::kValidRanksFile) return FileKind::kRanks;
  if (file == run::kTopFile) return FileKind::kTopItems;
  if (file == run::kEventsFile) return FileKind::kEvents;
  if (file.starts_with("log.") && file.ends_with(".txt")) return FileKind::kLog;
  return FileKind::kOther;
}

int64_t sum_of(const int64_t (&bytes)[kFileKinds]) {
  return std::accumulate(std::begin(bytes), std::end(bytes), int64_t{0});
}

template <class List, class Size>
void largest_first(List* list, const Size& size) {
  std::stable_sort(list->begin(), list->end(),
                   [&](const auto& a, const auto& b) { return size(a) > size(b); });
}

class Survey {
 public:
  LabSpace of(const std::string& lab) {
    std::error_code error;
    for (auto entry = fs::directory_iterator(lab, error); entry != fs::directory_iterator();
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      const bool runs = entry->path() == fs::path(run::runs_folder(lab));
      const Space part = runs ? runs_in(entry->path()) : space_below(entry->path());
      space_.parts.emplace_back(name, part);
      space_.all.bytes += part.bytes;
      space_.all.files += part.files;
    }
    for (auto& [name, experiment] : experiments_) space_.experiments.push_back(experiment);
    largest_first(&space_.parts, [](const auto& part) { return part.second.bytes; });
    largest_first(&space_.experiments, [](const auto& each) { return each.total(); });
    largest_first(&space_.runs, [](const auto& each) { return each.total(); });
    return std::move(space_);
  }

 private:
  static Space space_below(const fs::path& path) {
    Space space;
    visit_files(path, [&](const fs::path&, int64_t bytes) {
      space.bytes += bytes;
      ++space.files;
    });
    return space;
  }

  // Half-made folders count too.
  Space runs_in(const fs::path& folder) {
    Space all;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); entry != fs::directory_iterator();
         entry.increment(error)) {
      const bool is_run = run::is_uuid(entry->path().filename().string());
      const Space space = is_run ? run_in({entry->path().string()}) : space_below(entry->path());
      all.bytes += space.bytes;
      all.files += space.files;
    }
    return all;
  }

  Space run_in(const run::Folder& folder) {
    RunSpace run;
    run.uuid = folder.uuid();
    try {
      const auto header = as_error(folder.path, [&] { return run::read_header(folder); });
      run.experiment = header.experiment;
      run.name = run::run_name(header.axes, header.labels, header.seed);
    } catch (const Error& error) {
      space_.damaged.emplace_back(error.what());
    }
    Space space;
    visit_files(folder.path, [&](const fs::path& file, int64_t bytes) {
      const FileKind kind = kind_of(file.lexically_relative(folder.path).string());
      run.bytes[static_cast<size_t>(kind)] += bytes;
      space.bytes += bytes;
      ++space.files;
    });
    ExperimentSpace& experiment = experiments_[run.experiment];
    experiment.name = run.experiment;
    ++experiment.runs;
    for (size_t kind = 0; kind < kFileKinds; ++kind) experiment.bytes[kind] += run.bytes[kind];
    space_.runs.push_back(std::move(run));
    return space;
  }

  LabSpace space_;
  std::map<std::string, ExperimentSpace> experiments_;
};

nlohmann::json kinds_json(const int64_t (&bytes)[kFileKinds]) {
  nlohmann::json document = nlohmann::json::object();
  for (size_t kind = 0; kind < kFileKinds; ++kind)
    document[name_of(static_cast<FileKind>(kind))] = bytes[kind];
  return document;
}

}  // namespace

const char* name_of(FileKind kind) {
  static constexpr const char* kNames[kFileKinds] = {"network", "checkpoints", "ranks", "top items",
                                                     "events",  "log",         "other"};
  return kNames[static_cast<size_t>(kind)];
}

int64_t RunSpace::total() const { return sum_of(bytes); }
int64_t ExperimentSpace::total() const { return sum_of(bytes); }

LabSpace space_of(const std::string& lab) { return Survey().of(lab); }

nlohmann::json to_json(const RunSpace& run) {
  return {{"uuid", run.uuid},
          {"experiment", run.experiment},
          {"name", run.name},
          {"bytes", run.total()},
          {"kinds", kinds_json(run.bytes)}};
}

nlohmann::json to_json(const ExperimentSpace& experiment) {
  return {{"name", experiment.name},
          {"runs", experiment.runs},
          {"bytes", experiment.total()},
          {"kinds", kinds_json(experiment.bytes)}};
}

nlohmann::json to_json(const LabSpace& space) {
  nlohmann::json parts = nlohmann::json::object(), experiments = nlohmann::json::array();
  for (const auto& [name, part] : space.parts)
    parts[name] = {{"bytes", part.bytes}, {"files", part.files}};
  for (const ExperimentSpace& experiment : space.experiments)
    experiments.push_back(to_json(experiment));
  return {{"bytes", space.all.bytes},
          {"files", space.all.files},
          {"parts", std::move(parts)},
          {"experiments", std::move(experiments)},
          {"damaged", space.damaged}};
}

}  // namespace lea::lab
