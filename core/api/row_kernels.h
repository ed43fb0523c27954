// The inner loops of the item heads on the CPU: one pass over a block of logits for each.
#pragma once

#include <cstdint>

namespace lea::kernels {

// Row-major logits [rows, items] without bias become exp(logit - max), and 0 where `relu` clamps.
// sum[r] is the row's sum of exponentials (clamped ones included), max[r] the row's maximum.
// picked [rows, targets] gets the logits of the targets, before that; targets of 0 are skipped.
void exponentials(float* logits, const float* bias, int64_t rows, int64_t items, bool relu,
                  const int64_t* target, int64_t targets, float* picked, float* max, float* sum);

// The column of the greatest logit + bias of each row; the first of equals; 0 for a row of NaNs.
void argmax(const float* logits, const float* bias, int64_t rows, int64_t items, int64_t* column);

}  // namespace lea::kernels
