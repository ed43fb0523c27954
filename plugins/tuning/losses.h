// The losses of sections 3.3 and 3.4, and what tells whether states have collapsed.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "core/api/types.h"
#include "plugins/tuning/settings.h"

namespace lea {

// Eq. (1): mean over rows of -log sigma(logged - sampled). logged float [B], sampled float [B, K].
at::Tensor reward_loss(const at::Tensor& logged, const at::Tensor& sampled);

// The weight of that mean in the loss that is differentiated: `reward_weight`, and with
// `reward_reduction: sum` (A1) the number of rows times it. What is reported, and watched for
// divergence, is the mean, because batches differ in their rows.
double weight_of_reward_loss(const TuningSettings& settings, int64_t rows);

// Vectors whose dot product is the similarity of L_sm (A2): these themselves, or with `similarity:
// cosine` divided by their lengths. Float [..., D].
at::Tensor to_compare(const TuningSettings& settings, const at::Tensor& vectors);

// The similarities of L_sm, [B, C], of the states [B, D] and the vectors [B, C, D] of items.
at::Tensor similarities(const TuningSettings& settings, const at::Tensor& states,
                        const at::Tensor& vectors);

// Eq. (2) in the forms 2a, 2b and 2c (A2), the mean over rows that have at least one negative.
// state [B, D], positive [B, D] the vectors of the logged items, others [M, D] those of the
// possible negatives, allowed bool [B, M]. Computed in float32.
at::Tensor state_loss(const TuningSettings& settings, const at::Tensor& state,
                      const at::Tensor& positive, const at::Tensor& others,
                      const at::Tensor& allowed);

// What may be a negative of L_sm: bool [B, M]. Item others[m] is allowed for row b unless it stands in
// the row's training sequence, so also when it is the row's own action or in the user's future.
// `others` int64 [M]; `sequence` int64 [B].
at::Tensor allowed_negatives(const TrainingData& training, const at::Tensor& sequence,
                             const at::Tensor& others);

// Mean cosine of random pairs of rows, leaving out rows of zeros; 0 with fewer than two others. Near 1
// all states are alike: they have collapsed.
double mean_cosine(const at::Tensor& states, uint64_t seed);
// What is wrong with states of this mean cosine, and what to change; empty up to
// spec::kCollapsedCosine.
std::string collapse_warning(double cosine);

}  // namespace lea
