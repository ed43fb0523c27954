#include "core/lab/grid_progress.h"

#include <algorithm>

#include "core/base/clock.h"

namespace lea::lab {
namespace {

using Kind = run::GridEvent::Kind;

TaskState state_after(Kind kind) {
  switch (kind) {
    case Kind::kStarted:
      return TaskState::kRunning;
    case Kind::kElsewhere:
      return TaskState::kElsewhere;
    case Kind::kFinished:
      return TaskState::kFinished;
    case Kind::kFailed:
      return TaskState::kFailed;
    case Kind::kInterrupted:
      return TaskState::kInterrupted;
    case Kind::kSkipped:
      return TaskState::kSkipped;
    default:
      return TaskState::kWaiting;
  }
}

double seconds_between(std::time_t from, std::time_t to) {
  return from == 0 ? 0 : std::difftime(to, from);
}

}  // namespace

std::string to_string(TaskState state) {
  static const char* const kNames[] = {"done before", "waiting", "running",     "elsewhere",
                                       "finished",    "failed",  "interrupted", "skipped"};
  return kNames[static_cast<size_t>(state)];
}

bool is_at_work(TaskState state) {
  return state == TaskState::kRunning || state == TaskState::kElsewhere;
}

GridProgress::GridProgress(const run::GridHeader& header)
    : header_(header), tasks_(header.tasks.size()), to_do_(header.to_do()) {
  for (size_t task = 0; task < tasks_.size(); ++task) {
    if (!header.tasks[task].to_do) tasks_[task].state = TaskState::kDoneBefore;
    tasks_[task].run = header.tasks[task].run;
    if (is_run(task)) ++counts_[tasks_[task].state];
  }
}

void GridProgress::on_event(const run::GridEvent& event) {
  if (!run::is_of_task(event.kind) || event.task >= tasks_.size()) return;
  const std::time_t time = parse_utc(event.time).value_or(std::time(nullptr));
  TaskProgress& task = tasks_[event.task];
  task.heard = time;
  if (!event.run.empty()) task.run = event.run;
  if (event.kind == Kind::kProgress) {
    task.progress = event.progress;
    if (task.started == 0) task.started = time;
    for (const auto& [metric, value] : event.progress.valid) {
      const auto best = task.best.try_emplace(metric, value).first;
      best->second = std::max(best->second, value);
    }
    return;
  }
  const TaskState before = task.state;
  task.state = state_after(event.kind);
  task.text = event.text;
  if (is_at_work(task.state)) {
    task.progress = {};
    task.best.clear();
    task.started = time;
  }
  if (!is_run(event.task)) return;
  --counts_[before];
  ++counts_[task.state];
  if (task.state != TaskState::kFinished || task.started == 0) return;
  measured_seconds_ += seconds_between(task.started, time);
  estimated_seconds_ += header_.tasks[event.task].seconds;
}

size_t GridProgress::count(TaskState state) const {
  const auto found = counts_.find(state);
  return found == counts_.end() ? 0 : found->second;
}

size_t GridProgress::at_work() const {
  return static_cast<size_t>(
      std::count_if(tasks_.begin(), tasks_.end(),
                    [](const TaskProgress& task) { return is_at_work(task.state); }));
}

double GridProgress::remaining(size_t task, std::time_t now) const {
  const TaskProgress& at_work = tasks_[task];
  const run::GridTask& planned = header_.tasks[task];
  return run::seconds_left(at_work.progress, seconds_between(at_work.started, now), planned.seconds,
                           planned.measured);
}

double GridProgress::remaining(std::time_t now) const {
  const double ratio = estimated_seconds_ > 0 ? measured_seconds_ / estimated_seconds_ : 1;
  double seconds = 0;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    if (is_at_work(tasks_[task].state)) seconds += remaining(task, now);
    if (tasks_[task].state == TaskState::kWaiting) seconds += header_.tasks[task].seconds * ratio;
  }
  return seconds / static_cast<double>(std::max<int64_t>(header_.jobs, 1));
}

}  // namespace lea::lab
