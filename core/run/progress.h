// How far a worker has come. The worker reports it in two ways: to the process that started it, as
// lines of JSON on stdout, and to everybody else in its beat (core/run/beat.h).
//
//   {"type": "progress", "phase", "step", "max_steps", "steps_per_second", "valid_step",
//    "valid": {"ndcg@20": x, ...}, "part": {"done", "total", "per_second"}}
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/json_field.h"

namespace lea::run {

struct Progress {
  std::string phase = "start";  // start, then those of train::Progress: fit, train, valid, test
  int64_t step = 0, max_steps = 0;
  double steps_per_second = 0;
  int64_t valid_step = 0;               // the step of the latest validation
  std::map<std::string, double> valid;  // its metrics; empty before the first validation
  // How far the phase itself is, during which no steps are made: events with new proposals.
  int64_t part_done = 0, part_total = 0;  // a total of 0: the phase has no parts
  double part_per_second = 0;
};

// Seconds until a run ends that began `elapsed` seconds ago. `planned` is how long it was expected to
// take, and `measured` says that earlier runs took so long. Otherwise the answer is an upper bound,
// because early stopping ends most runs before max_steps.
double seconds_left(const Progress& progress, double elapsed, double planned, bool measured);

nlohmann::json to_json(const Progress& progress);

// Uses the defaults for missing keys. Throws DataError for a value of another type.
Progress progress_from(const JsonFields& fields);

// The line without its end.
std::string progress_line(const Progress& progress);

// Empty for any other line, such as one that a plugin printed.
std::optional<Progress> progress_from_line(const std::string& line);

}  // namespace lea::run
