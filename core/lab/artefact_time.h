// How long the artefacts of a plan will take: the amount of work that their plugins count, divided by
// the pace of this machine. And how large their files will be, where that is counted. Both are measured by a worker and cached, the counts by key and the pace
// by kind of machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/lab/artefact_plan.h"

namespace lea::lab {

struct TimeOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  // Called before something that takes seconds, with a sentence for people.
  std::function<void(const std::string&)> on_wait;
};

// Fills in PlannedArtefact::seconds and bytes of those to be made, where their plugins count. Never throws: an
// estimate must not stop a plan.
void estimate_artefacts(const TimeOptions& options, const spec::Experiment& experiment,
                        std::vector<PlannedArtefact>* artefacts);

}  // namespace lea::lab
