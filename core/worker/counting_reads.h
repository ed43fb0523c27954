// What the counting of an artefact's work may read.
#pragma once

#include "core/worker/registry.h"

namespace lea::worker {

// The artefact, with what those of its plugin read that it is made from. Their keys are in its key,
// so counts that are cached by that key change with all of it.
Artefact with_reads_of_earlier(const PluginEntry& entry, Artefact artefact);

}  // namespace lea::worker
