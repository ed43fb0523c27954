// The loss of next tokens without keeping their logits: they are computed for some rows at a time,
// turned into the gradient of the hidden states at once, and dropped.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// sum_i weight_i * -log P(target_i | row i), a float32 scalar whose gradient flows to `hidden`
// [R, D] only. target int64 [R], below the vocabulary size; weight float32 [R]. The softmax is
// taken in float32 whatever the model's type. Throws DataError for a decoder whose adapter changes
// the head, and std::invalid_argument for a target that is no token.
LEA_LM_API at::Tensor cross_entropy(const Decoder& decoder, const at::Tensor& hidden,
                                    const at::Tensor& target, const at::Tensor& weight);

// The same of logits [R, V], as a float64 scalar. Its gradient takes the logits' place, rounded to
// their type.
LEA_LM_API at::Tensor cross_entropy_in_place(at::Tensor& logits, const at::Tensor& target,
                                             const at::Tensor& weight);

}  // namespace lea::lm
