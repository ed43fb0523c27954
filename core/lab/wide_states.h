// The planned runs that join a wide state of an environment as it is (core/spec/wide_state.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lab/plan.h"
#include "core/spec/experiment.h"

namespace lea::lab {

struct WideState {
  int64_t state_width = 0, backbone_width = 0;
  std::vector<size_t> tasks;  // indices into Plan::tasks
};

// One for each pair of widths. A run counts when its artefacts state the width of the state, and its
// backbone has a parameter `width`.
std::vector<WideState> wide_states(const spec::Experiment& experiment, const Plan& plan);

// A line for people for each of them.
std::vector<std::string> wide_state_lines(const spec::Experiment& experiment, const Plan& plan);

}  // namespace lea::lab
