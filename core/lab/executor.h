// Runs what a plan still has to do: a pool of workers, each one run in its own process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/file_lock.h"
#include "core/lab/plan.h"

namespace lea::lab {

// One lealab at a time starts runs in a lab: hold this while planning and running.
class LabLock {
 public:
  // Throws StoreError that names the other one. Removes what a killed one left half made.
  explicit LabLock(const std::string& lab);

 private:
  FileLock lock_;
};

struct TaskEvent {
  enum class Kind { kStarted, kProgress, kValidated, kFinished, kFailed, kInterrupted };
  Kind kind = Kind::kStarted;
  size_t task = 0;  // into Plan::tasks
  run::Folder folder;
  int64_t step = 0, max_steps = 0;        // kProgress, kValidated
  double steps_per_second = 0;            // kProgress
  std::string phase;                      // kProgress: train, valid, test
  std::map<std::string, double> metrics;  // kValidated
  std::string reason;                     // kFailed
};

struct GridOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  std::string worker;  // worker_path() in production
  int64_t jobs = 1;
  // What runs with `device: cuda` are spread over, as CUDA_VISIBLE_DEVICES names them: each gets
  // the one that the fewest others use. `cuda:N` is left as it is.
  std::vector<std::string> devices;
  // So many runs with the same reason stop the grid. Reasons of full disks and the like are the
  // same when they differ in paths and sizes only.
  int64_t identical_failures = 3;
  double hang_seconds =
      7200;  // a worker without a sign of life for so long is killed, its run failed
  double stop_seconds = 60;  // a worker that was asked to stop is killed after this
};

struct GridResult {
  size_t finished = 0, failed = 0, interrupted = 0;
  size_t unsupplied = 0;  // failed for lack of disk, memory or permission; these runs resume later
  size_t not_started = 0;
  bool stopped_by_user = false;
  std::string repeated_reason;  // why several runs failed, which stopped the grid
};

// Starts the plan's interrupted and to-do tasks in order, at most `jobs` at once. Events come on
// the calling thread; `tick` is called about five times a second. SIGINT, SIGTERM and SIGHUP ask
// the workers to write a checkpoint and end; a second signal kills them. An interrupted run goes on
// by the next call. A run fails alone: bad input, a plugin's exception or crash end one run, and
// the others go on.
GridResult run_grid(const spec::Experiment& experiment, const Plan& plan,
                    const GridOptions& options,
                    const std::function<void(const TaskEvent&)>& on_event,
                    const std::function<void()>& tick);

// "3 h 20 min", "2 min 5 s", "12 s".
std::string duration_text(double seconds);

}  // namespace lea::lab
