// What has become of the tasks of a grid, from its events: their states, how far they are, and how
// long they will take. The command line and the window show the same.
#pragma once

#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"

namespace lea::lab {

enum class TaskState {
  kDoneBefore,  // before the grid began
  kWaiting,     // it has not begun, or is to be done again
  kRunning,     // a worker of this grid is on it
  kElsewhere,   // another process is on it
  kFinished,
  kFailed,
  kInterrupted,  // a checkpoint was written on request
  kSkipped,      // left out on request
};

// "done before", "waiting", "running", "elsewhere" ...
std::string to_string(TaskState state);

// Whether somebody works on it now.
bool is_at_work(TaskState state);

struct TaskProgress {
  TaskState state = TaskState::kWaiting;
  std::string run;                     // uuid of the run or key of the artefact; empty before
  run::Progress progress;              // at work: the last report
  std::map<std::string, double> best;  // of the validations that were seen
  std::string text;                    // elsewhere: who works on it; failed: why
  std::time_t started = 0, heard = 0;  // of the last attempt and of the last event; 0: none
};

class GridProgress {
 public:
  // The header must outlive the object.
  explicit GridProgress(const run::GridHeader& header);

  // Takes an event into account. Those of the grid itself, and of tasks that it does not have,
  // change nothing.
  void on_event(const run::GridEvent& event);

  const std::vector<TaskProgress>& tasks() const { return tasks_; }

  // Counts of runs that the grid is to do; artefacts do not count.
  size_t to_do() const { return to_do_; }
  size_t count(TaskState state) const;
  size_t ended() const { return count(TaskState::kFinished) + count(TaskState::kFailed); }
  size_t at_work() const;  // tasks, artefacts included

  // Seconds until a task at work ends (run::seconds_left).
  double remaining(size_t task, std::time_t now) const;
  // Seconds until all tasks have ended. The finished runs show how far the estimates are off.
  double remaining(std::time_t now) const;

 private:
  bool is_run(size_t task) const { return header_.tasks[task].artefact.empty(); }

  const run::GridHeader& header_;
  std::vector<TaskProgress> tasks_;
  size_t to_do_ = 0;
  std::map<TaskState, size_t> counts_;                   // of runs
  double measured_seconds_ = 0, estimated_seconds_ = 0;  // of the runs that finished so far
};

}  // namespace lea::lab
