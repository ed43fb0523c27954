// Compares the planned runs of an experiment with the lab's runs: which ones still need work.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"
#include "core/run/stale.h"
#include "core/spec/experiment.h"

namespace lea::lab {

enum class TaskStatus {
  kDone,         // a finished run of any experiment has this hash and seed
  kStale,        // done, but by outdated plugins or numerics (core/run/stale.h)
  kRunning,      // a worker is alive; a grid waits for its result
  kInterrupted,  // has a checkpoint, from which it resumes
  kToDo,         // not begun, failed before, or finished but not usable (see PlannedTask::note)
};
std::string to_string(TaskStatus status);

// Whether a grid deals with a task of this status. A running task is one: the grid waits for the
// result of the process that works on it, and continues the run when that process gives none.
bool needs_work(TaskStatus status);

struct PlannedTask {
  size_t index = 0;  // index into Experiment::runs
  TaskStatus status = TaskStatus::kToDo;
  run::Folder folder;  // of the run that counts; its path is empty when a new run is needed
  // For a stale task: the outdated plugins. For a task to do: why the result of its last run is
  // missing or not usable.
  std::string note;
  // The run that the task's claim named when the plan was made, if that run had a result: the plan
  // has taken it into account. A grid takes the result of any other run that the claim names later.
  std::string judged;
  double seconds = 0;     // estimated duration of the whole run; 0 when no work is needed
  bool measured = false;  // see Estimate (core/lab/estimate.h)
};

struct Plan {
  std::vector<PlannedTask> tasks;  // in grid order
  double seconds = 0;              // estimated wall time of all work with `jobs` workers
  int64_t jobs = 1;
  std::string basis;  // one phrase about the source of the estimate
  run::StaleRuns stale;

  size_t count(TaskStatus status) const;
  size_t to_do() const;  // tasks that need work
};

// With `redo_stale`, stale tasks become tasks to do. Changes nothing on disk.
Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const run::InstalledPlugins& installed, int64_t jobs, bool redo_stale);

nlohmann::json to_json(const Plan& plan, const spec::Experiment& experiment);

// The runs that count for an experiment (core/run/counting.h): first those that its plan names, in
// the order of the plan, then its imported runs. Without a plan: all runs that were made for the
// experiment. Stale runs count.
std::vector<run::Folder> counting_runs(const std::string& lab, const std::string& experiment);

// The number of processors that are not `busy`, divided by the largest number of threads of a run;
// at least 1. When a run needs CUDA, at most `devices`.
int64_t default_jobs(const spec::Experiment& experiment, size_t devices, int64_t busy);

// The GPUs of this machine: the entries of CUDA_VISIBLE_DEVICES when it is set, otherwise one of
// "0", "1" ... for each device file of NVIDIA's driver.
std::vector<std::string> cuda_devices();

}  // namespace lea::lab
