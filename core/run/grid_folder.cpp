#include "core/run/grid_folder.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/large_json.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/run/beat.h"
#include "core/run/header.h"
#include "core/run/request.h"

namespace lea::run {
namespace fs = std::filesystem;
namespace {

// 20260131-235959-1a2b: sorts by time, and two grids of the same second differ.
std::string new_grid_id(const std::string& created) {
  std::string id;
  for (const char c : created) {
    if (c >= '0' && c <= '9') id += c;
    if (c == 'T') id += '-';
  }
  return id + "-" + new_uuid().substr(0, 4);
}

std::string lock_of_experiment(const std::string& lab, const std::string& experiment) {
  return grids_folder(lab) + "/" + experiment + ".lock";
}

nlohmann::json to_json(const GridTask& task) {
  nlohmann::json document = {{"hash", task.hash},       {"seed", task.seed},
                             {"labels", task.labels},   {"to_do", task.to_do},
                             {"run", task.run},         {"stop_on", task.stop_on},
                             {"seconds", task.seconds}, {"measured", task.measured}};
  if (!task.artefact.empty()) document["artefact"] = task.artefact;
  return document;
}

GridTask task_from(const JsonFields& fields) {
  return {fields.text("hash"),         fields.integer("seed"),
          fields.text_map("labels"),   fields.boolean("to_do", true),
          fields.text("run", ""),      fields.text("stop_on", ""),
          fields.number("seconds", 0), fields.boolean("measured", false),
          fields.text("artefact", "")};
}

nlohmann::json to_json(const GridHeader& header) {
  nlohmann::json tasks = nlohmann::json::array();
  for (const GridTask& task : header.tasks) tasks.push_back(to_json(task));
  nlohmann::json document = to_json(header.process);
  document.update({{"id", header.id},
                   {"experiment", header.experiment},
                   {"spec", header.spec},
                   {"created", header.created},
                   {"jobs", header.jobs},
                   {"axes", header.axes},
                   {"detached", header.detached},
                   {"tasks", std::move(tasks)}});
  return document;
}

// The ids sort by time, so the oldest come first.
void remove_old_grids(const std::string& lab) {
  std::vector<Folder> grids = list_grids(lab);
  for (size_t i = 0; i + kGridsKept < grids.size(); ++i) {
    std::error_code error;
    if (!is_live(grids[i])) fs::remove_all(grids[i].path, error);
  }
}

std::string other_grid(const std::string& lab, const std::string& experiment) {
  for (const Folder& grid : live_grids(lab)) {
    try {
      if (read_grid(grid).experiment == experiment) return "grid " + grid_id(grid);
    } catch (const Error&) {
    }
  }
  return "another lealab";
}

FileLock lock_experiment(const std::string& lab, const std::string& experiment) {
  const std::string path = lock_of_experiment(lab, experiment);
  try {
    return FileLock(path, 0, "the experiment " + experiment);
  } catch (const LockedError& error) {
    throw StoreError(std::string(error.what()) + " " + other_grid(lab, experiment) +
                     " works on it: `lealab watch " + experiment + "` shows it, `lealab stop " +
                     experiment + "` stops it.");
  }
}

}  // namespace

size_t GridHeader::to_do() const {
  return static_cast<size_t>(std::count_if(tasks.begin(), tasks.end(), [](const GridTask& task) {
    return task.to_do && task.artefact.empty();
  }));
}

std::string GridHeader::name(size_t task) const {
  const GridTask& named = tasks.at(task);
  return named.artefact.empty() ? run_name(axes, named.labels, named.seed)
                                : "artefact " + printable(named.artefact);
}

ExperimentLock::ExperimentLock(const std::string& lab, const std::string& experiment)
    : lock_(lock_experiment(lab, experiment)) {}

LiveGrid::LiveGrid(const std::string& lab, GridHeader header) : header_(std::move(header)) {
  header_.created = utc_now();
  header_.id = new_grid_id(header_.created);
  header_.process = this_process();
  remove_old_grids(lab);
  folder_.path = grids_folder(lab) + "/" + header_.id;
  std::error_code error;
  fs::create_directories(requests_folder(folder_), error);
  if (error) {
    throw StoreError(folder_.path + ": cannot make the folder of the grid: " + error.message());
  }
  lock_ = std::make_unique<FileLock>(folder_.file(kGridLockFile), 0, "the grid " + header_.id);
  publish_file(folder_.file(kGridFile), to_json(header_).dump() + "\n");
}

std::vector<Folder> list_grids(const std::string& lab) {
  std::vector<Folder> grids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(grids_folder(lab), error)) {
    std::error_code ignored;  // a grid that cannot be read concerns nobody else
    if (fs::exists(entry.path() / kGridFile, ignored)) grids.push_back({entry.path().string()});
  }
  require_listed(grids_folder(lab), error);
  std::sort(grids.begin(), grids.end(),
            [](const Folder& a, const Folder& b) { return a.path < b.path; });
  return grids;
}

std::string grid_id(const Folder& grid) { return fs::path(grid.path).filename().string(); }

GridHeader read_grid(const Folder& grid) {
  const std::string path = grid.file(kGridFile);
  const auto document = read_large_json(path);
  if (!document) throw DataError(path + ": is missing");
  const JsonFields fields(*document, path);
  GridHeader header;
  header.id = fields.text("id");
  header.experiment = fields.text("experiment");
  header.spec = fields.text("spec", "");
  header.created = fields.text("created", "");
  header.jobs = fields.integer("jobs", 1);
  header.axes = fields.texts("axes");
  header.detached = fields.boolean("detached", false);
  header.process = process_from(fields);
  const nlohmann::json& tasks = fields.at("tasks");
  if (!tasks.is_array()) fields.fail("tasks", "must be a list");
  for (const nlohmann::json& task : tasks) {
    header.tasks.push_back(task_from(JsonFields(task, path + ": tasks")));
  }
  return header;
}

bool is_live(const Folder& grid) {
  if (is_locked(grid.file(kGridLockFile))) return true;
  try {
    const auto beat = read_beat(grid);
    return beat && !is_on_this_host(beat->process) && is_fresh(*beat, std::time(nullptr));
  } catch (const Error&) {
    return false;  // a damaged beat is no sign of life
  }
}

std::vector<Folder> live_grids(const std::string& lab) {
  std::vector<Folder> grids = list_grids(lab);
  std::erase_if(grids, [](const Folder& grid) { return !is_live(grid); });
  return grids;
}

}  // namespace lea::run
