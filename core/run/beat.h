// The sign of life of a worker: the file beat, rewritten about every ten seconds.
//
//   {"host", "boot_id", "pid", "pid_start", "step", "max_steps", "steps_per_second", "time"}
//
// `time` is in seconds since 1970. Programs before version 3 of the plugin API wrote it as text
// (2026-01-31T23:59:59Z), which is still read.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>

#include "core/run/folder.h"
#include "core/run/process.h"

namespace lea::run {

// A worker on another host counts as alive for so long after a beat.
inline constexpr double kLeaseSeconds = 60;

struct Beat {
  Process process;
  int64_t step = 0, max_steps = 0;
  double steps_per_second = 0;
  std::time_t time = 0;  // seconds since 1970
};

// Throws StoreError.
void write_beat(const Folder& run, const Beat& beat);

// Empty when there is none. Throws DataError that names the file and the key.
std::optional<Beat> read_beat(const Folder& run);

// Whether the beat is younger than the lease at the time `now`. The clocks of two hosts differ, so
// a beat from the future counts as well, by no more than the lease: otherwise a clock that was
// wrong once would keep a dead worker alive.
bool is_fresh(const Beat& beat, std::time_t now);

}  // namespace lea::run
