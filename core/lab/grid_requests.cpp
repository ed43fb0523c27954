// What a grid does when users ask for something (core/run/request.h).
#include <filesystem>

#include "core/base/error.h"
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
    const Answer answer = taken.request ? obey(*taken.request) : Answer{taken.refusal, true};
    run::GridEvent event{Kind::kRequest, 0, taken.name, answer.text};
    event.exit = answer.refused ? static_cast<int>(Exit::kBadInput) : 0;
    tell(event);
  }
}

std::vector<size_t> Grid::tasks_of(const std::string& hash) const {
  std::vector<size_t> tasks;
  for (size_t task = 0; task < header().tasks.size(); ++task) {
    if (header().tasks[task].hash == hash) tasks.push_back(task);
  }
  return tasks;
}

Grid::Answer Grid::obey(const run::Request& request) {
  using Action = run::Request::Action;
  if (!request.hash.empty()) {
    const std::vector<size_t> tasks = tasks_of(request.hash);
    const std::string action = run::to_string(request.action);
    if (tasks.empty()) {
      return {action + ": refused, because the grid has no run " +
                  printable(request.hash.substr(0, 12)),
              true};
    }
    const Answer answer = obey(request.action, tasks.front());
    return {action + " " + header().name(tasks.front()) + ": " + answer.text, answer.refused};
  }
  switch (request.action) {
    case Action::kStop:
      request_stop("a user asked for it (lealab stop)");
      return {"stop: the grid stops"};
    case Action::kSkip:
      return skip_waiting();
    case Action::kRetry:
      return retry_failed();
    case Action::kFirst:
      break;
  }
  return {"first: refused, because it needs a run", true};
}

Grid::Answer Grid::obey(run::Request::Action action, size_t task) {
  switch (action) {
    case run::Request::Action::kStop:
      return stop_task(task);
    case run::Request::Action::kSkip:
      return skip_task(task);
    case run::Request::Action::kRetry:
      return retry_task(task);
    case run::Request::Action::kFirst:
      break;
  }
  return prefer_task(task);
}

Grid::Answer Grid::prefer_task(size_t task) {
  if (queue_.state(task) != State::kWaiting) return {"refused, because it does not wait", true};
  queue_.move_to_front(task);
  return {"it starts next"};
}

Grid::Answer Grid::stop_task(size_t task) {
  const auto running = running_.find(task);
  if (running == running_.end()) return skip_task(task);
  stop(running->second);
  return {"its worker writes a checkpoint and stops"};
}

Grid::Answer Grid::skip_task(size_t task) {
  switch (queue_.state(task)) {
    case State::kRunning:
      return {"refused, because it runs; `lealab stop` interrupts it", true};
    case State::kDone:
    case State::kFailed:
    case State::kStopped:
      return {"nothing to do, because it has ended"};
    case State::kWaiting:
    case State::kElsewhere:
    case State::kBlocked:
      break;
  }
  queue_.set(task, State::kStopped);
  skipped_.insert(task);
  tell({Kind::kSkipped, task});
  return {"this grid leaves it out"};
}

Grid::Answer Grid::retry_task(size_t task) {
  const State state = queue_.state(task);
  if (state != State::kFailed && state != State::kStopped)
    return {"refused, because it has not failed and was not stopped", true};
  if (stopping_) return {"refused, because the grid stops", true};
  interrupted_.erase(task);
  skipped_.erase(task);
  unsupplied_.erase(task);
  if (is_artefact(task)) {
    if (const auto result = run::read_result(folders_[task])) judged_[task] = result->finished_at;
    queue_.set(task, State::kWaiting);
    tell({Kind::kQueued, task});
    return {"it starts again"};
  }
  // A result never changes, so a run that failed for good is made anew. A run whose test part could
  // not be opened is complete otherwise, and is tried again.
  const auto result = folders_[task].path.empty() ? std::nullopt : run::read_result(folders_[task]);
  if (result && run::is_complete(*result, wants_test(task))) {
    judged_[task] = folders_[task].uuid();
    folders_[task].path.clear();
  }
  queue_.set(task, State::kWaiting);
  tell({Kind::kQueued, task});
  return {"it starts again"};
}

Grid::Answer Grid::skip_waiting() {
  std::vector<size_t> tasks = queue_.in(State::kWaiting);
  for (const size_t task : queue_.in(State::kElsewhere)) tasks.push_back(task);
  for (const size_t task : tasks) skip_task(task);
  return {"skip: " + counted(tasks.size(), "run") + " that had not begun"};
}

Grid::Answer Grid::retry_failed() {
  const std::vector<size_t> tasks = queue_.in(State::kFailed);
  if (stopping_ && !tasks.empty()) return {"retry: refused, because the grid stops", true};
  for (const size_t task : tasks) retry_task(task);
  return {"retry: " + counted(tasks.size(), "run") + " that had failed"};
}

}  // namespace lea::lab
