// The inner loops of the item heads on the CPU. `logits` are row-major [rows, items], still without
// `bias` [items].
#pragma once

#include <cstdint>

namespace lea::kernels {

// Adds `bias` to the logits and, with `relu`, clamps them at 0. Then replaces each by exp(logit -
// max), or by 0 where it was clamped. max[r] becomes the greatest logit of the row and sum[r] the
// sum of its exponentials, clamped ones included. picked [rows, targets] becomes the logits of the
// targets; a target of 0 is skipped.
void exponentials(float* logits, const float* bias, int64_t rows, int64_t items, bool relu,
                  const int64_t* target, int64_t targets, float* picked, float* max, float* sum);

// The column of the greatest logit + bias of each row. Of equal ones it is the first. For a row of
// NaNs it is 0.
void argmax(const float* logits, const float* bias, int64_t rows, int64_t items, int64_t* column);

}  // namespace lea::kernels
