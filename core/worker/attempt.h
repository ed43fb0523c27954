// One attempt at a task, whatever it makes: the folder, the log, the limit of memory, and what an
// exception means.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/run/result.h"
#include "core/worker/memory_limit.h"
#include "core/worker/task_folder.h"
#include "core/worker/tasks.h"

namespace lea::worker {

// Sends one line to the process that started this one. When the pipe is closed, nobody reads it, and
// the task continues.
void tell(std::string line);

double since(std::chrono::steady_clock::time_point start);  // seconds

// How an attempt ended. An interrupted task has no result. A full disk or a refused file gives no
// ending at all: the error is thrown, because the cause may pass and the next attempt can continue.
struct Ending {
  Exit code = Exit::kOk;
  std::optional<run::Result> result;
  std::string note;  // of an interrupted task: how far it came, such as "at step 120"
};

struct Job {
  std::string what;  // "run" or "artefact", for the log
  // Whether nothing is left to do in the folder.
  std::function<bool(const TaskFolder&)> is_done = [](const TaskFolder& task) {
    return task.result().has_value();
  };
  // Works on the task; may set a limit of memory.
  std::function<Ending(TaskFolder&, std::optional<MemoryLimit>&)> work;
  // Stores how the attempt ended.
  std::function<void(TaskFolder&, Ending)> end = [](TaskFolder& task, Ending ending) {
    task.end(ending.code, std::move(ending.result));
  };
};

// Makes one attempt in the folder `options.run`, unless the job is done. What `work` throws becomes a
// failure of the task: a plugin's exception, bad input, a lack of memory. Returns the exit code of
// run_training.
int run_attempt(const TaskOptions& options, const Job& job);

}  // namespace lea::worker
