#include "core/worker/attempt.h"

#include <chrono>
#include <cstdio>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/train/plugin_call.h"
#include "core/worker/task_log.h"

namespace lea::worker {
namespace {

using Clock = std::chrono::steady_clock;

// The first line of a c10::Error is its message; the rest is a backtrace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Ending failed(Exit code, const std::string& reason) {
  return {code, run::failure(reason, /*attempt=*/0), ""};
}

Ending guarded(TaskFolder& task, const Job& job) {
  std::optional<MemoryLimit> limit;
  try {
    return job.work(task, limit);
  } catch (const train::PluginThrew& error) {
    log(LogLevel::kError, "worker", "an exception that is not of LEA Lab, in full:");
    std::fprintf(stderr, "%s\n", error.full().c_str());
    return failed(error.code(), error.what());
  } catch (const Error& error) {
    if (error.code() == Exit::kEnvironment) throw;
    return failed(error.code(), error.what());
  } catch (const std::exception& error) {
    const std::string available =
        limit ? std::to_string(limit->available() >> 20) + " MiB were available at the start. "
              : "";
    limit.reset();  // the message needs a little memory
    log(LogLevel::kError, "worker", "an exception that is not of LEA Lab, in full:");
    std::fprintf(stderr, "%s\n", error.what());
    if (is_out_of_memory(error)) {
      std::string where = train::place_without_memory();
      if (!where.empty()) where = " in " + where;
      return failed(Exit::kEnvironment, "out of memory" + where + ". " + available +
                                            "Run fewer workers (--jobs), or a "
                                            "smaller model or batch. " +
                                            first_line(error.what()));
    }
    // What a plugin's method throws has its name.
    return failed(Exit::kPlugin, "LibTorch or the worker threw: " + first_line(error.what()));
  } catch (...) {
    return failed(Exit::kPlugin, "something was thrown that is no std::exception");
  }
}

}  // namespace

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void tell(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

int run_attempt(const TaskOptions& options, const Job& job) {
  const LogLevel level = log_level_of_environment();
  TaskFolder task({options.run}, "the " + job.what, options.claim, options.parent);
  if (job.is_done(task)) return int(Exit::kOk);
  const auto start = Clock::now();
  open_task_log(task.folder(), level, job.what, task.begin());
  Ending ending;
  try {
    ending = guarded(task, job);
  } catch (const Error& error) {
    report_failure(since(start), int(error.code()), error.what());
    return int(error.code());
  }
  // The reason of the end is logged before the result is written, because who follows the log stops
  // at the result.
  if (!ending.result) {
    log(LogLevel::kInfo, "worker",
        "interrupted on request " + ending.note + " after " + log_seconds(since(start)));
  } else if (ending.result->reason.empty()) {
    log(LogLevel::kInfo, "worker", "finished after " + log_seconds(since(start)));
  } else {
    report_failure(since(start), int(ending.code), ending.result->reason);
  }
  const int code = int(ending.code);
  job.end(task, std::move(ending));
  return code;
}

}  // namespace lea::worker
