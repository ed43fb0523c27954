// A back end starts tasks: the local pool of processes is one (core/lab/local_pool.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/lab/task.h"
#include "core/run/progress.h"

namespace lea::lab {

// How an attempt ended. What that means is decided by core/lab/verdict.h.
struct Ended {
  enum class How {
    kExit,     // `value`: the exit code
    kSignal,   // `value`: the signal
    kHung,     // killed without a sign of life; `value`: for how many seconds
    kLost,     // nobody knows: the back end has forgotten the attempt
    kStopped,  // killed on request
  };
  How how = How::kExit;
  int value = 0;
  run::Progress last;  // the last report of the worker
};

struct Status {
  enum class Is { kAlive, kEnded, kUnknown };
  Is is = Is::kUnknown;
  std::optional<run::Progress> news;  // a report that arrived since the last call
  Ended ended;                        // kEnded
};

class BackEnd {
 public:
  using Handle = int64_t;
  virtual ~BackEnd() = default;
  // Starts an attempt. Throws Error(kEnvironment) when that is impossible.
  virtual Handle submit(const Task& task) = 0;
  // Does not wait. Once it has returned kEnded, the handle is invalid.
  virtual Status poll(Handle handle) = 0;
  // SIGTERM asks the worker to write a checkpoint and to stop. SIGKILL ends it.
  virtual void signal(Handle handle, int signal) = 0;
  // Waits until an attempt has something to report, at most `seconds`. A signal to this process
  // ends the wait.
  virtual void wait(double seconds) = 0;
};

}  // namespace lea::lab
