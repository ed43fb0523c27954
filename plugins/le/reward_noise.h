// How much a reward depends on what is computed beside it. In bfloat16 a sum is rounded otherwise
// in another batch, so the same pair of history and action gets another reward.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

#include "core/api/types.h"
#include "plugins/le/environment_model.h"

namespace lea::le {

inline constexpr int64_t kEventsAskedTwice = 100;

// The standard deviation of a reward over the batches that it may be computed in: asks the model
// again about kEventsAskedTwice events with a history, or about all when there are fewer, each by
// its logged item and the first of its pool, in other company than a whole table is computed in,
// and takes the root mean square of the differences to `rewards`, divided by the square root of
// two. 0 without such an event. `rewards` [E, 1 + P] are those of table_actions(). `pool` may be
// undefined.
//
// `leave` is asked before each pass; when it returns true, nothing comes back.
std::optional<double> reward_noise(const EnvironmentModel& model, const TrainingData& training,
                                   const at::Tensor& pool, const at::Tensor& rewards,
                                   const std::function<bool()>& leave = {});

}  // namespace lea::le
