// The attempts at a run: the file attempts.jsonl, two records an attempt (core/base/records.h).
//
//   {"number", "host", "boot_id", "pid", "pid_start", "started"}    when a worker begins
//   {"number", "ended", "exit", "reason"}                           when the attempt has ended
//
// The worker writes both records. When a worker was killed, `lealab run` writes the second one.
#pragma once

#include <cstdint>
#include <string>

#include "core/run/folder.h"
#include "core/run/process.h"

namespace lea::run {

struct Attempt {
  int64_t number = 0;  // 1, 2 ...; 0: no attempt was made
  Process process;     // the worker of this attempt
  bool ended = false;
};

// Ignores an unfinished last line. Throws DataError for a record with a
// missing or wrong key.
Attempt last_attempt(const Folder& run);

// Appends the first record of an attempt by this process and returns its number. The caller must
// hold the run's lock (kLockFile).
int64_t begin_attempt(const Folder& run);

// Appends the second record. `exit` is the worker's exit code, 128 + the signal that ended it, or
// -1 when it is unknown.
void end_attempt(const Folder& run, int64_t number, int exit, const std::string& reason);

// Appends the second record for a worker that was killed. Appends nothing when the last attempt has
// ended or there was none. Removes an unfinished last line first.
void close_attempt(const Folder& run, int exit, const std::string& reason);

}  // namespace lea::run
