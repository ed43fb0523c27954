// Which run counts. A lab may hold several runs of one cell and seed: failed ones, repeated ones,
// ones on a data set that was replaced since. The plan, the table and the export all take the one
// that this rule names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/run/state.h"

namespace lea::run {

// A run of some cell and seed, as far as the rule looks at it.
struct Candidate {
  std::string uuid, created;
  State state = State::kQueued;
  // It finished, but not with what is wanted: on another data set than the lab has under that name,
  // or stale where stale runs are to be made again.
  bool outdated = false;
};

// Whether `a` counts before `b`. In this order: finished with what is wanted, running, interrupted,
// queued, finished but outdated, failed or cancelled. Of two in one class the newer one, and of two
// of one second the smaller uuid. A strict order.
bool counts_before(const Candidate& a, const Candidate& b);

// The index of the run that counts. Precondition: there is one.
size_t counting(const std::vector<Candidate>& candidates);

}  // namespace lea::run
