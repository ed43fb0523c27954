#include "plugins/tuning/trainable.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "plugins/tuning/losses.h"

namespace lea {
namespace {

// Whether L_sm takes its negatives from the batch's other sequences. There may be none.
bool negatives_of_batch(const TuningSettings& settings) {
  return settings.state_weight > 0 && settings.state_negatives == "batch";
}

// Whether an event of the sequences that validate has a history.
bool validates(const TuningSettings& settings, const TrainingData& rest) {
  const int64_t* first = rest.offset.const_data_ptr<int64_t>();
  for (int64_t s = 0; s < std::min(rest.sequences(), settings.validation_sequences); ++s) {
    if (first[s + 1] - first[s] > 1) return true;
  }
  return false;
}

}  // namespace

void require_trainable(const TuningSettings& settings, const TrainingData& rest) {
  if (settings.reward_weight == 0 && settings.state_weight == 0) {
    throw ConfigError(settings.plugin +
                      ": reward_weight and state_weight are both 0, so there is nothing to learn");
  }
  if (settings.keep == "best" && !validates(settings, rest)) {
    throw ConfigError(
        settings.plugin +
        ": keep: `best` needs training sequences outside of the portion, which "
        "validate. State a smaller `portion` and some `validation_sequences`, or `keep: last`");
  }
  if (negatives_of_batch(settings) && settings.batch_size == 1) {
    throw ConfigError(settings.plugin +
                      ": batch_size: 1 leaves L_sm no negatives, because with `state_negatives: "
                      "batch` they are the items of the batch's other sequences. State a greater "
                      "`batch_size`, `state_negatives: sampled`, or `state_weight: 0`");
  }
}

bool lacks_state_negatives(const TuningSettings& settings, const TrainingData& part,
                           TuningBatches& batches, int64_t steps) {
  if (steps == 0 || !negatives_of_batch(settings)) return false;
  // The loop nearly always ends at the first step, so it costs nothing.
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<int64_t> sequences, logged;
    for (const TuningRow& row : batches.rows(step)) {
      sequences.push_back(row.sequence);
      logged.push_back(part.item.const_data_ptr<int32_t>()[row.event]);
    }
    const at::Tensor allowed =
        allowed_negatives(part, at::tensor(sequences, at::kLong), at::tensor(logged, at::kLong));
    if (allowed.any().item<bool>()) return false;
  }
  return true;
}

}  // namespace lea
