// Looks up what was made beforehand for the logged item and the pool of each training event.
#pragma once

#include "core/api/types.h"

namespace lea {

// Where the actions stand among the logged item and the pool of their event: int64 [B, K], on the
// CPU. 0 is the logged item, and 1 + j the item of column j of the pool, the first of equal ones.
// -1 is any other item, and each item of a row whose event is -1. `pool` int64 [E, P] is that of
// Context::pool, and may be undefined; `event` int64 [B]; `actions` int64 [B, K].
LEA_API Tensor reward_columns(const TrainingData& training, const Tensor& pool, const Tensor& event,
                              const Tensor& actions);

}  // namespace lea
