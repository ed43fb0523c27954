// The next-token loss without a tensor of all logits: logits are computed for some rows at a time,
// turned into the gradient of the hidden states, and dropped.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

inline constexpr int64_t kRowsOfLoss = 512;  // with logits in memory at a time

// Returns sum_i weight_i * -log P(target_i | row i), a float32 scalar. Its gradient flows only to
// `hidden` [R, D]. target: int64 [R], below the vocabulary size; weight: float32 [R]. The softmax
// is computed in float32 for every type of model. Throws DataError if the decoder's adapter changes
// the head, and std::invalid_argument for a target that is no token.
LEA_LM_API at::Tensor cross_entropy(const Decoder& decoder, const at::Tensor& hidden,
                                    const at::Tensor& target, const at::Tensor& weight);

// Returns the same loss for logits [R, V], as a float64 scalar, and replaces the logits with its
// gradient, rounded to their type. Targets are not checked.
LEA_LM_API at::Tensor cross_entropy_in_place(at::Tensor& logits, const at::Tensor& target,
                                             const at::Tensor& weight);

}  // namespace lea::lm
