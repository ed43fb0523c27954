#include "core/lab/task_queue.h"

#include <algorithm>

namespace lea::lab {

size_t TaskQueue::add(std::vector<size_t> needs, int64_t slots, State state) {
  entries_.push_back({std::move(needs), slots, state});
  if (state == State::kWaiting) order_.push_back(entries_.size() - 1);
  return entries_.size() - 1;
}

bool TaskQueue::is_ready(const Entry& entry) const {
  return std::all_of(entry.needs.begin(), entry.needs.end(),
                     [&](size_t need) { return entries_[need].state == State::kDone; });
}

std::optional<size_t> TaskQueue::next(int64_t free, int64_t all) const {
  for (const size_t task : order_) {
    const Entry& entry = entries_[task];
    if (!is_ready(entry)) continue;
    if (std::min(entry.slots, all) > free) return std::nullopt;
    return task;
  }
  return std::nullopt;
}

std::vector<size_t> TaskQueue::set(size_t task, State state) {
  Entry& entry = entries_.at(task);
  if (entry.state == State::kWaiting) order_.remove(task);
  entry.state = state;
  if (state == State::kWaiting) order_.push_back(task);
  return block_and_release();
}

// Needs come before the tasks that need them, so one pass reaches every task.
std::vector<size_t> TaskQueue::block_and_release() {
  std::vector<size_t> changed;
  for (size_t task = 0; task < entries_.size(); ++task) {
    Entry& entry = entries_[task];
    if (entry.needs.empty()) continue;
    if (entry.state != State::kWaiting && entry.state != State::kBlocked) continue;
    const bool blocked = std::any_of(entry.needs.begin(), entry.needs.end(), [&](size_t need) {
      const State state = entries_[need].state;
      return state == State::kFailed || state == State::kStopped || state == State::kBlocked;
    });
    if (blocked == (entry.state == State::kBlocked)) continue;
    entry.state = blocked ? State::kBlocked : State::kWaiting;
    if (blocked) {
      order_.remove(task);
    } else {
      order_.push_back(task);
    }
    changed.push_back(task);
  }
  return changed;
}

void TaskQueue::move_to_front(size_t task) {
  if (state(task) != State::kWaiting) return;
  order_.remove(task);
  order_.push_front(task);
}

size_t TaskQueue::count(State state) const {
  return static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [state](const Entry& entry) { return entry.state == state; }));
}

std::vector<size_t> TaskQueue::in(State state) const {
  std::vector<size_t> tasks;
  for (size_t task = 0; task < entries_.size(); ++task) {
    if (entries_[task].state == state) tasks.push_back(task);
  }
  return tasks;
}

}  // namespace lea::lab
