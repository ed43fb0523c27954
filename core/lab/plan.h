// What an experiment still has to do: each planned run compared with the runs that the lab has.
#pragma once

#include <string>
#include <vector>

#include "core/lab/run_folder.h"

namespace lea::lab {

enum class TaskStatus {
  kDone,         // a finished run with this hash and seed, of whatever experiment
  kStale,        // done, but with another binary of one of its plugins; redone only on request
  kRunning,      // another process works on it now
  kInterrupted,  // has a checkpoint; goes on from there
  kToDo,         // never begun, failed before, or done on a data set that was replaced since
};
std::string to_string(TaskStatus status);

struct PlannedTask {
  size_t index = 0;  // into Experiment::runs
  TaskStatus status = TaskStatus::kToDo;
  RunFolder folder;    // of the run that counts; empty for one never begun
  std::string note;    // of a stale task which plugins differ; of one to do why the last run failed
  double seconds = 0;  // estimated time that it still takes with its threads
  bool measured = false;  // from earlier runs of the lab, not from the rough model
};

struct Plan {
  std::vector<PlannedTask> tasks;  // in grid order
  double seconds = 0;              // estimated wall time of what is to do with `jobs` workers
  int64_t jobs = 1;
  std::string basis;  // one sentence: where the estimate comes from

  size_t count(TaskStatus status) const;
  // A running one counts too: who plans to run holds the lab, so its worker is the orphan of a
  // lealab that was killed. It is stopping, and goes on in a new worker.
  size_t to_do() const {
    return count(TaskStatus::kToDo) + count(TaskStatus::kInterrupted) + count(TaskStatus::kRunning);
  }
};

// `redo_stale` turns stale tasks into ones to do. Changes nothing on disk.
Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const spec::PluginCatalogue& catalogue, int64_t jobs, bool redo_stale);

nlohmann::json to_json(const Plan& plan, const spec::Experiment& experiment);

// As many workers as fit the processors, given the threads that the runs ask for; where a run wants
// CUDA, no more than there are devices.
int64_t default_jobs(const spec::Experiment& experiment, size_t devices);

// The GPUs of this machine: what CUDA_VISIBLE_DEVICES lists, or else the device files of NVIDIA's
// driver, "0", "1" and so on.
std::vector<std::string> cuda_devices();

}  // namespace lea::lab
