// What a task writes to the log.txt of its folder, apart from what the loop and the plugins log.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/log.h"
#include "core/run/folder.h"

namespace lea::worker {

// Opens the log of the task, sends LibTorch's warnings of this thread to it, and logs which programs
// work on it, and where. `what`, "run" or "artefact", is what the task makes. LibTorch prints the warnings of its other threads to standard error.
void open_task_log(const run::Folder& folder, LogLevel level, const std::string& what,
                   int64_t attempt);

// Logs a sentence. Whoever started the worker by hand reads it on standard error.
void report(LogLevel level, const std::string& sentence);

// Logs how long the task took, and then why it failed, so that the reason is the last line of the
// log.
void report_failure(double seconds, int exit_code, const std::string& reason);

}  // namespace lea::worker
