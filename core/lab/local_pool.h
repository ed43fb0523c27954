// The back end of this machine: one worker process for each task.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/lab/back_end.h"
#include "core/lab/process.h"

namespace lea::lab {

struct LocalPoolOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  std::string worker;  // path of lealab-worker; see worker_path()
  // GPUs for tasks with `cuda`, named as in CUDA_VISIBLE_DEVICES. Each task gets the GPU with the
  // fewest tasks of this pool.
  std::vector<std::string> devices;
  // A worker that reports nothing for this long is killed.
  double hang_seconds = 7200;
  // Variables of the workers that replace or join those of this process.
  std::map<std::string, std::string> environment = {};
};

class LocalPool final : public BackEnd {
 public:
  explicit LocalPool(LocalPoolOptions options);

  Handle submit(const Task& task) override;
  Status poll(Handle handle) override;
  void signal(Handle handle, int signal) override;
  void wait(double seconds) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    std::string device;  // the GPU that it was given; empty without one
    std::unique_ptr<Child> child;
    run::Progress last;
    bool at_end = false;  // its output has ended
    bool killed = false;  // on request
    bool asked = false;   // to stop; a stopping worker does not hang
    bool hung = false;
    Clock::time_point alive = Clock::now();  // the last sign of life
  };

  std::vector<std::string> command_of(const Task& task) const;
  const std::string& least_used() const;
  bool read(Worker& worker);

  LocalPoolOptions options_;
  std::map<Handle, Worker> workers_;
  Handle next_ = 1;
};

// The threads that live workers of this lab take on this machine, whoever started them.
int64_t threads_at_work(const std::string& lab);

}  // namespace lea::lab
