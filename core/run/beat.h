// The sign of life of a worker or a grid: the file beat, rewritten every few seconds.
//
//   {"host", "boot_id", "pid", "pid_start", "time", and the keys of core/run/progress.h but "type"}
//
// `time` is in seconds since 1970. Programs with a plugin API before version 3 wrote text instead
// (2026-01-31T23:59:59Z). read_beat accepts both.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>

#include "core/run/folder.h"
#include "core/run/process.h"
#include "core/run/progress.h"

namespace lea::run {

// A beat is written at most this often.
inline constexpr double kBeatSeconds = 2;

// A worker on another host counts as alive while its last beat is younger than this.
inline constexpr double kLeaseSeconds = 60;

struct Beat {
  Process process;
  Progress progress;
  std::time_t time = 0;  // seconds since 1970
};

// Throws StoreError.
void write_beat(const Folder& run, const Beat& beat);

// Empty when the file is absent. Throws DataError that names the file and the key.
std::optional<Beat> read_beat(const Folder& run);

// Whether the beat is at most kLeaseSeconds away from `now`, in the past or in the future. The
// clocks of two hosts may differ, so a beat from the near future is fresh. A beat from the far
// future is not, because a wrong clock would otherwise keep a dead worker alive.
bool is_fresh(const Beat& beat, std::time_t now);

}  // namespace lea::run
