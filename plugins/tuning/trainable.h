// What can be judged of a training before it: whether there is anything to learn.
#pragma once

#include <cstdint>

#include "core/api/types.h"
#include "plugins/tuning/batches.h"
#include "plugins/tuning/settings.h"

namespace lea {

// Refuses settings with which there is nothing to learn, or nothing to choose the best by: both
// weights 0; `keep: best` without an event of `rest` that validates; batches of one event or
// sequence whose L_sm takes its negatives from the others. Throws ConfigError. It takes no time, so
// it can be asked before anything is made.
void require_trainable(const TuningSettings& settings, const TrainingData& rest);

// Whether L_sm counts, but no row of the first `steps` steps, at least one, has a negative for it:
// each batch is of one sequence, or of sequences with the same items.
bool lacks_state_negatives(const TuningSettings& settings, const TrainingData& part,
                           TuningBatches& batches, int64_t steps);

}  // namespace lea
