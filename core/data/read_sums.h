// The sums by which artefacts know the data that they are made from.
#pragma once

#include <cstdint>
#include <span>

#include "core/data/dataset.h"
#include "core/spec/needed_artefacts.h"
#include "core/spec/run_spec.h"

namespace lea::data {

// The sums of everything that an artefact of this run may read:
//   training  the number of items and the training events: items, behaviours, and where sequences end
//   texts     the item texts
//   history   the number T of items in a history
//   pool      the training events, and the settings of the pool
// Validation and test events do not enter, so they change no key. `parts` is the part of every event
// (core/data/split.h). The sum of something that the run lacks, such as texts, is empty.
spec::ReadSums read_sums(const Dataset& data, std::span<const uint8_t> parts,
                         const spec::RunSpec& run);

}  // namespace lea::data
