// What a grid does when users ask for something (core/run/request.h).
#include <filesystem>

#include "core/base/text.h"
#include "core/lab/grid.h"

namespace lea::lab {
namespace {

using State = TaskQueue::State;

}  // namespace

void Grid::obey_requests() {
  static constexpr std::chrono::seconds kEvery{1};
  if (requests_noticed_ == 0 && Clock::now() - requests_read_ < kEvery) return;
  requests_noticed_ = 0;
  requests_read_ = Clock::now();
  for (const run::TakenRequest& taken : run::take_requests(folder())) {
    tell({Kind::kRequest, 0, taken.name, taken.request ? obey(*taken.request) : taken.refusal});
  }
}

std::vector<size_t> Grid::tasks_of(const std::string& hash) const {
  std::vector<size_t> tasks;
  for (size_t task = 0; task < header().tasks.size(); ++task) {
    if (header().tasks[task].hash == hash) tasks.push_back(task);
  }
  return tasks;
}

std::string Grid::obey(const run::Request& request) {
  using Action = run::Request::Action;
  if (request.hash.empty()) {
    switch (request.action) {
      case Action::kStop:
        request_stop("a user asked for it (lealab stop)");
        return "stop: the grid stops";
      case Action::kSkip:
        return skip_waiting();
      case Action::kRetry:
        return retry_failed();
      case Action::kFirst:
        return "first: refused, because it needs a run";
    }
  }
  const std::vector<size_t> tasks = tasks_of(request.hash);
  if (tasks.empty()) {
    return run::to_string(request.action) + ": refused, because the grid has no run " +
           printable(request.hash.substr(0, 12));
  }
  const size_t task = tasks.front();
  switch (request.action) {
    case Action::kStop:
      return "stop " + header().name(task) + ": " + stop_task(task);
    case Action::kSkip:
      return "skip " + header().name(task) + ": " + skip_task(task);
    case Action::kRetry:
      return "retry " + header().name(task) + ": " + retry_task(task);
    case Action::kFirst:
      break;
  }
  if (queue_.state(task) != State::kWaiting)
    return "first " + header().name(task) + ": refused, because it does not wait";
  queue_.move_to_front(task);
  return "first " + header().name(task) + ": it starts next";
}

std::string Grid::stop_task(size_t task) {
  const auto running = running_.find(task);
  if (running == running_.end()) return skip_task(task);
  stop(running->second);
  return "its worker writes a checkpoint and stops";
}

std::string Grid::skip_task(size_t task) {
  switch (queue_.state(task)) {
    case State::kRunning:
      return "refused, because it runs; `lealab stop` interrupts it";
    case State::kDone:
    case State::kFailed:
    case State::kStopped:
      return "nothing to do, because it has ended";
    case State::kWaiting:
    case State::kElsewhere:
    case State::kBlocked:
      break;
  }
  queue_.set(task, State::kStopped);
  skipped_.insert(task);
  tell({Kind::kSkipped, task});
  return "this grid leaves it out";
}

std::string Grid::retry_task(size_t task) {
  const State state = queue_.state(task);
  if (state != State::kFailed && state != State::kStopped)
    return "refused, because it has not failed and was not stopped";
  if (stopping_) return "refused, because the grid stops";
  interrupted_.erase(task);
  skipped_.erase(task);
  unsupplied_.erase(task);
  // A run with a result never changes, so a run that failed for good is made anew.
  if (!folders_[task].path.empty() &&
      std::filesystem::exists(folders_[task].file(run::kResultFile))) {
    judged_[task] = folders_[task].uuid();
    folders_[task].path.clear();
  }
  queue_.set(task, State::kWaiting);
  tell({Kind::kQueued, task});
  return "it starts again";
}

std::string Grid::skip_waiting() {
  std::vector<size_t> tasks = queue_.in(State::kWaiting);
  for (const size_t task : queue_.in(State::kElsewhere)) tasks.push_back(task);
  for (const size_t task : tasks) skip_task(task);
  return "skip: " + counted(tasks.size(), "run") + " that had not begun";
}

std::string Grid::retry_failed() {
  const std::vector<size_t> tasks = queue_.in(State::kFailed);
  if (stopping_ && !tasks.empty()) return "retry: refused, because the grid stops";
  for (const size_t task : tasks) retry_task(task);
  return "retry: " + counted(tasks.size(), "run") + " that had failed";
}

}  // namespace lea::lab
