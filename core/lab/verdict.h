// What the end of an attempt means. The rule is the same for all back ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/lab/back_end.h"
#include "core/run/result.h"

namespace lea::lab {

struct Verdict {
  enum class Is { kFinished, kFailed, kInterrupted };
  Is is = Is::kFinished;
  std::string reason;  // kFailed: one sentence
  // The attempt left no result, and another one would only fail again: the run fails for good.
  bool for_good = false;
  // The disk, memory or a permission was missing. The next attempt resumes the run.
  bool unsupplied = false;
  int exit = 0;  // for attempts.jsonl: the exit code, or 128 + the signal, or -1 when unknown
};

// `result`: the run's result, if it has one. `log`: what the attempt wrote to log.txt; its last line
// is usually the worker's own reason. `call`: the method of a plugin in which the worker was when it
// ended, such as "backbone my.model at encode(), step 20" (core/run/open_call.h); "" for none.
Verdict verdict(const Ended& ended, const std::optional<run::Result>& result, std::string_view log,
                const std::string& call = "");

// Removes the steps that a reason names, as in "at encode(), step 20" and "not finite at step 20": a
// failure at another step may be the same failure.
std::string without_steps(std::string reason);

// Reads the result and the log after byte `log_start`, closes the attempt in attempts.jsonl, and
// writes the result of a run that failed for good. `test`: the attempt was to rank the test part, too
// (Task::test); when it fails to open that of a finished run, the run's result stays as it is. Throws
// StoreError when a file cannot be written.
Verdict settle(const run::Folder& folder, const Ended& ended, uintmax_t log_start, bool test);

// The size of the run's log, where the next attempt begins.
uintmax_t log_size(const run::Folder& folder);

}  // namespace lea::lab
