// The attempts at a run: the file attempts.jsonl, two records an attempt (core/base/records.h).
//
//   {"number", "host", "boot_id", "pid", "pid_start", "started"}    when a worker begins
//   {"number", "ended", "exit", "reason"}                           when the attempt has ended
//
// The worker writes both. When it was killed, whoever started it writes the second one.
#pragma once

#include <cstdint>
#include <string>

#include "core/run/folder.h"
#include "core/run/process.h"

namespace lea::run {

struct Attempt {
  int64_t number = 0;  // 1, 2 ...; 0: there was none
  Process process;     // that works on it, or did
  bool ended = false;
};

// Throws DataError for a record of another form. A last line that was cut off is no record.
Attempt last_attempt(const Folder& run);

// Notes that this process begins an attempt, and returns its number. Only the holder of the run's
// lock may call this.
int64_t begin_attempt(const Folder& run);

// `exit` is the exit code of the worker, or 128 + the signal that ended it, or -1 when unknown.
void end_attempt(const Folder& run, int64_t number, int exit, const std::string& reason);

// Notes the end of an attempt whose worker was killed; does nothing when the last attempt has ended
// or there was none. Also cuts a line off that the kill left unfinished.
void close_attempt(const Folder& run, int exit, const std::string& reason);

}  // namespace lea::run
