// Names runs of a plan in messages.
#pragma once

#include <string>
#include <vector>

#include "core/lab/plan.h"
#include "core/spec/experiment.h"

namespace lea::lab {

// "4 runs (gru4rec LER, gru4rec LEASR)": their number, and their first cells where there are axes.
// `tasks` are indices into Plan::tasks.
std::string named_runs(const spec::Experiment& experiment, const Plan& plan,
                       const std::vector<size_t>& tasks);

}  // namespace lea::lab
