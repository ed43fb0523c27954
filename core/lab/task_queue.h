// The tasks of a grid in the order in which they start.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

namespace lea::lab {

class TaskQueue {
 public:
  enum class State {
    kWaiting,    // starts when what it needs is done and enough slots are free
    kRunning,    // an attempt of this grid works on it
    kElsewhere,  // another process works on it
    kDone,
    kFailed,
    kStopped,  // interrupted or skipped on request
    kBlocked,  // a task that it needs has failed or was stopped
  };

  // `needs`: numbers of tasks that were added before. Returns the number of the task: 0, 1 ...
  size_t add(std::vector<size_t> needs, int64_t slots, State state = State::kWaiting);

  // The first waiting task whose needs are done, if `free` slots suffice for it. No later task
  // overtakes it. A task that needs more than `all` slots takes all of them.
  std::optional<size_t> next(int64_t free, int64_t all) const;

  // Returns the tasks that became blocked (kFailed, kStopped) or waiting (kWaiting, kDone) thereby.
  std::vector<size_t> set(size_t task, State state);
  void move_to_front(size_t task);

  State state(size_t task) const { return entries_.at(task).state; }
  int64_t slots(size_t task) const { return entries_.at(task).slots; }
  size_t size() const { return entries_.size(); }
  size_t count(State state) const;
  std::vector<size_t> in(State state) const;  // in the order of their numbers

 private:
  struct Entry {
    std::vector<size_t> needs;
    int64_t slots = 1;
    State state = State::kWaiting;
  };
  bool is_ready(const Entry& entry) const;
  std::vector<size_t> block_and_release();

  std::vector<Entry> entries_;
  std::list<size_t> order_;  // of the waiting tasks
};

}  // namespace lea::lab
