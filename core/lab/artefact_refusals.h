// What stops a plan because of its artefacts: settings that their plugins refuse, and too little
// memory on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lab/plan.h"
#include "core/spec/experiment.h"

namespace lea::lab {

// Throws ConfigError when plugins refuse artefacts of the plan. Its message has a line for each
// refusal, as
//   adapter, rewards of lea.le, for 4 runs (gru4rec LER): what the making would say
// Artefacts of one plugin that are refused for the same reason share a line.
void require_good_settings(const spec::Experiment& experiment, const Plan& plan);

// Fills in PlannedArtefact::no_memory of those that this machine has too little memory for, and
// Plan::memory. `available` is in bytes, UINT64_MAX when it is unknown.
void compare_memory(uint64_t available, Plan* plan);

// A line of that form for each problem of PlannedArtefact::no_memory.
std::vector<std::string> memory_problems(const spec::Experiment& experiment, const Plan& plan);

// Throws Error(kEnvironment) when there are memory_problems.
void require_memory(const spec::Experiment& experiment, const Plan& plan);

}  // namespace lea::lab
