// A grid at work: the folder lab/grids/ID, which watchers read. It contains:
//
//   grid.json     the grid and its tasks; written when the grid is ready to start them
//   grid.lock     locked while the grid works
//   beat          its sign of life (core/run/beat.h): step and max_steps count tasks
//   events.jsonl  what became of its tasks (core/run/grid_event.h)
//   requests/     what users ask of it (core/run/request.h)
//   log.txt
//
// grid.json:
//
//   {"id", "experiment", "spec", "created", "jobs", "axes", "detached",
//    "host", "boot_id", "pid", "pid_start",
//    "tasks": [{"hash", "seed", "labels", "to_do", "run", "stop_on", "seconds", "measured",
//               "artefact"}, ...]}
//
// lab/grids/NAME.lock is locked while a grid of the experiment NAME works.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/file_lock.h"
#include "core/run/folder.h"
#include "core/run/process.h"

namespace lea::run {

inline constexpr const char* kGridFile = "grid.json";
inline constexpr const char* kGridLockFile = "grid.lock";

// A planned run or artefact, as the grid sees it when it starts. Artefacts come first.
struct GridTask {
  std::string hash;  // of a run; the key of an artefact
  int64_t seed = 0;
  std::map<std::string, std::string> labels;  // axis -> label
  bool to_do = true;                          // false: done before the grid began
  std::string run;                            // the uuid of the run that is done or continued
  std::string stop_on;                        // the metric that ends training, such as ndcg@20
  double seconds = 0;                         // estimated duration
  bool measured = false;                      // the estimate comes from earlier runs
  std::string artefact = {};                  // "rewards of lea.le"; empty: the task makes a run
};

struct GridHeader {
  std::string id, experiment;
  std::string spec;     // the path of the spec
  std::string created;  // UTC
  int64_t jobs = 1;     // workers at once
  std::vector<std::string> axes;
  bool detached = false;
  Process process;
  std::vector<GridTask> tasks;  // in grid order

  size_t to_do() const;                 // runs that are to be done
  std::string name(size_t task) const;  // of an artefact, or run_name (core/run/header.h)
};

// The lock of an experiment: at most one grid of it works in a lab. Throws StoreError with the id
// of the other grid.
class ExperimentLock {
 public:
  ExperimentLock(const std::string& lab, const std::string& experiment);
  void name_holder() const { lock_.name_holder(); }

 private:
  FileLock lock_;
};

// The folder of a grid that this process runs. The grid counts as live during its lifetime.
class LiveGrid {
 public:
  // Makes the folder; `header.id`, `created` and `process` are filled in. Removes the oldest
  // folders of grids that have ended, except the newest kGridsKept. Throws StoreError.
  LiveGrid(const std::string& lab, GridHeader header);

  const Folder& folder() const { return folder_; }
  const GridHeader& header() const { return header_; }

 private:
  GridHeader header_;
  Folder folder_;
  std::unique_ptr<FileLock> lock_;
};

inline constexpr size_t kGridsKept = 50;

// All grids of the lab, oldest first.
std::vector<Folder> list_grids(const std::string& lab);

std::string grid_id(const Folder& grid);

// Throws DataError that names the file and the key.
GridHeader read_grid(const Folder& grid);

// Whether the grid still works. On a host that cannot see its lock, its beat decides.
bool is_live(const Folder& grid);

// The grids that work now, oldest first.
std::vector<Folder> live_grids(const std::string& lab);

}  // namespace lea::run
