// What the artefacts of a plan will take: disk, memory, and time by the amount of work that their
// plugins count and the pace of this machine. A worker measures the pace, which is cached by kind of
// machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/lab/artefact_counts.h"
#include "core/lab/artefact_plan.h"

namespace lea::lab {

struct TimeOptions : CountOptions {
  // Called before something that takes seconds, with a sentence for people.
  std::function<void(const std::string&)> on_wait;
};

// Fills in `seconds`, `bytes`, `memory`, `refused` and `no_memory` of those to be made, and
// `state_width` also of those joined raw, where their plugins count. Never throws: an estimate must
// not stop a plan.
void estimate_artefacts(const TimeOptions& options, const spec::Experiment& experiment,
                        std::vector<PlannedArtefact>* artefacts);

}  // namespace lea::lab
