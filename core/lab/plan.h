// Compares the planned runs of an experiment with the lab's runs: which ones still need work.
#pragma once

#include <string>
#include <vector>

#include "core/lab/artefact_plan.h"
#include "core/lab/experiment_data.h"
#include "core/lab/known_runs.h"
#include "core/run/folder.h"
#include "core/run/stale.h"
#include "core/spec/experiment.h"

namespace lea::lab {

enum class TaskStatus {
  kDone,         // a finished run of any experiment has this hash and seed
  kStale,        // done, but by outdated plugins or numerics (core/run/stale.h)
  kRunning,      // a worker is alive; a grid waits for its result
  kInterrupted,  // has a checkpoint, from which it resumes
  kOpenTest,     // done with its test part closed, which is now to be ranked (evaluate.test)
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
  double seconds = 0;     // estimated duration of what is left of the run; 0: no work is needed
  bool measured = false;  // see Estimate (core/lab/estimate.h)
  int64_t bytes = 0;      // estimated size of the folder of the finished run; 0: no work is needed
  // The artefacts that a run which needs work needs: indices into Plan::artefacts.
  std::vector<size_t> needs = {};
  std::vector<size_t> raw_states = {};  // of these; see ArtefactPlan::raw_states
};

// The disk that the work takes, in bytes.
struct PlannedDisk {
  int64_t kept = 0;       // the folders of the finished runs
  int64_t artefacts = 0;  // the files of the artefacts to be made, where their plugins count them
  int64_t working = 0;    // checkpoints on top of that, of the runs that train at the same time
  int64_t present = 0;    // what unfinished runs and artefacts have on disk already
  int64_t free = -1;      // where the lab is or will be made; -1: unknown
  size_t measured = 0;    // runs whose size is that of earlier runs of the lab

  int64_t needed() const;  // the most that the work adds to the disk at any moment
  bool fits() const { return free < 0 || needed() <= free; }
};

// The memory that the making of artefacts takes on this machine, in bytes.
struct PlannedMemory {
  int64_t needed = 0;      // of the one that needs most, as its plugin counts it; 0: unknown
  int64_t available = -1;  // -1: unknown
};

struct Plan {
  std::vector<PlannedTask> tasks;  // in grid order
  double seconds = 0;              // estimated wall time of all work with `jobs` workers
  int64_t jobs = 1;
  std::string basis;  // one phrase about the source of the estimate
  run::StaleRuns stale;
  PlannedDisk disk;
  PlannedMemory memory;
  std::vector<PlannedArtefact> artefacts;  // each after what it is made from

  size_t count(TaskStatus status) const;
  size_t to_do() const;  // tasks that need work
};

// With `redo_stale`, stale tasks become tasks to do. `sizes` are those of check_data; without them
// the disk is estimated from what the lab records of the data sets. Changes nothing on disk.
Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const run::InstalledPlugins& installed, int64_t jobs, bool redo_stale,
               const SplitSizes& sizes = {});

// Adds the artefacts that the runs of the plan need. Throws as plan_artefacts does.
void add_artefacts(const std::string& lab, const spec::Experiment& experiment,
                   const spec::PluginCatalogue& catalogue, Plan* plan);

nlohmann::json to_json(const Plan& plan, const spec::Experiment& experiment);

// The number of processors that are not `busy`, divided by the largest number of threads of a run;
// at least 1. When a run needs CUDA, at most `devices`.
int64_t default_jobs(const spec::Experiment& experiment, size_t devices, int64_t busy);

// The GPUs of this machine: the entries of CUDA_VISIBLE_DEVICES when it is set, otherwise one of
// "0", "1" ... for each device file of NVIDIA's driver.
std::vector<std::string> cuda_devices();

}  // namespace lea::lab
