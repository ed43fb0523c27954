// What an experiment still has to do: each planned run compared with the runs that the lab has.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"
#include "core/run/stale.h"
#include "core/spec/experiment.h"

namespace lea::lab {

enum class TaskStatus {
  kDone,         // a finished run with this hash and seed, of whatever experiment
  kStale,        // done, but made with what is outdated now (core/run/stale.h)
  kRunning,      // another process works on it now
  kInterrupted,  // has a checkpoint, from which it continues
  kToDo,         // never begun, failed before, or done on a data set that was replaced since
};
std::string to_string(TaskStatus status);

// Whether `lealab run` works on such a task. The plan, its estimate, the executor and the display
// all ask here. A running one counts too: who plans to run holds the lab, so that its worker is the
// orphan of a lealab that was killed. It is stopping, and a new worker resumes the run.
bool needs_work(TaskStatus status);

struct PlannedTask {
  size_t index = 0;  // into Experiment::runs
  TaskStatus status = TaskStatus::kToDo;
  run::Folder folder;     // of the run that counts; empty for one never begun
  std::string note;       // for a stale task: what is outdated. For a task to do: why its last run
                          // is no result.
  double seconds = 0;     // estimated time that it still takes with its threads
  bool measured = false;  // estimated from earlier runs of the lab, not from the rough model
};

struct Plan {
  std::vector<PlannedTask> tasks;  // in grid order
  double seconds = 0;              // estimated wall time of what needs work, with `jobs` workers
  int64_t jobs = 1;
  std::string basis;  // one sentence: where the estimate comes from
  run::StaleRuns stale;

  size_t count(TaskStatus status) const;
  size_t to_do() const;  // tasks that need work
};

// `redo_stale` turns stale tasks into ones to do. Changes nothing on disk.
Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const run::InstalledPlugins& installed, int64_t jobs, bool redo_stale);

nlohmann::json to_json(const Plan& plan, const spec::Experiment& experiment);

// The runs of the lab that count for an experiment (core/run/counting.h), in the order of its plan;
// then imported ones. Without a plan: the runs that were made for it. `installed` is not asked:
// stale runs count.
std::vector<run::Folder> counting_runs(const std::string& lab, const std::string& experiment);

// As many workers as fit the processors, given the threads that the runs ask for; where a run wants
// CUDA, no more than there are devices.
int64_t default_jobs(const spec::Experiment& experiment, size_t devices);

// The GPUs of this machine: what CUDA_VISIBLE_DEVICES lists, or else the device files of NVIDIA's
// driver, "0", "1" and so on.
std::vector<std::string> cuda_devices();

}  // namespace lea::lab
