// Tries a plugin on toy data: N = 20 items, histories of T = 5, batches of B = 3. The contract
// suites in the tests go deeper; this finds what would end a run in its first step.
#pragma once

#include <string>
#include <vector>

#include "core/worker/library.h"

namespace lea::worker {

// Throws PluginError with the method and what was wrong with it. Returns warnings: what could not
// be tried.
std::vector<std::string> try_plugin(const PluginEntry& entry, const PhaseListener& phase);

}  // namespace lea::worker
