// The rule that selects the run that counts. A lab may hold several runs with the same cell and
// seed: failed runs, repeated runs, and runs on a data set that was replaced. The plan, the table
// and the export all use the run that this rule selects.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/run/state.h"

namespace lea::run {

// The facts about a run that the rule depends on.
struct Candidate {
  std::string uuid, created;
  State state = State::kQueued;
  // The run finished, but its result is not wanted: the lab has another data set under that name
  // now, or the run is stale and stale runs are to be repeated.
  bool outdated = false;
  bool closed = false;  // the run finished with its test part closed
};

// Whether a run used another data set than the lab has now under that name: fingerprints that differ.
// An empty `now` means that the lab has no such data set, so that nothing can be said.
bool is_other_data(const std::string& used, const std::string& now);

// A strict order: whether `a` is preferred to `b`. The classes, best first:
//   1. finished and not outdated
//   2. running
//   3. interrupted
//   4. queued
//   5. finished, but outdated
//   6. failed or cancelled
// Within a class, a run whose test part is open is preferred to a closed one, which holds less. Then
// the newer run is preferred. When both began in the same second, the run with the smaller uuid is
// preferred.
bool counts_before(const Candidate& a, const Candidate& b);

// The index of the run that counts. Precondition: `candidates` is not empty.
size_t counting(const std::vector<Candidate>& candidates);

}  // namespace lea::run
