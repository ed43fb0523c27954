// Runs the tasks of a plan that need work: a pool of worker processes, one for each run.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/file_lock.h"
#include "core/lab/plan.h"

namespace lea::lab {

// Only one lealab at a time may start runs in a lab. Hold this lock while planning and running.
class LabLock {
 public:
  // Does not wait. Throws StoreError that names the other process. Removes the unfinished run
  // folders of a lealab that was killed.
  explicit LabLock(const std::string& lab);

 private:
  FileLock lock_;
};

struct TaskEvent {
  enum class Kind { kStarted, kProgress, kValidated, kFinished, kFailed, kInterrupted };
  Kind kind = Kind::kStarted;
  size_t task = 0;  // index into Plan::tasks
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
  std::string worker;  // path of lealab-worker; see worker_path()
  int64_t jobs = 1;    // workers at once
  // GPUs for runs with `device: cuda`, named as in CUDA_VISIBLE_DEVICES. Each run gets the GPU with
  // the fewest runs of this grid. Runs with `cuda:N` are not affected.
  std::vector<std::string> devices;
  // No new run starts after this many runs failed for the same reason. Failures for lack of disk,
  // memory or permission are compared without the run's path and without numbers.
  int64_t identical_failures = 3;
  // A worker that reports nothing for this long is killed, and its run fails.
  double hang_seconds = 7200;
  // A worker that was asked to stop is killed after this time.
  double stop_seconds = 60;
};

struct GridResult {
  size_t finished = 0, failed = 0, interrupted = 0;
  // Failed for lack of disk, memory or permission; counted in `failed` too. The next call resumes
  // these runs.
  size_t unsupplied = 0;
  size_t not_started = 0;
  bool stopped_by_user = false;
  std::string repeated_reason;  // the reason that stopped the grid; see identical_failures
};

// Starts the plan's tasks that need work in order, at most `jobs` at once. Calls `on_event`, and
// `tick` about five times a second or more often, on the calling thread. SIGINT, SIGTERM and SIGHUP
// ask the workers to write a checkpoint and stop; a second signal kills them. The next call resumes
// interrupted runs. Bad input and a plugin's exception or crash end one run; the other runs
// continue.
GridResult run_grid(const spec::Experiment& experiment, const Plan& plan,
                    const GridOptions& options,
                    const std::function<void(const TaskEvent&)>& on_event,
                    const std::function<void()>& tick);

using lea::duration_text;

}  // namespace lea::lab
