// Dropout for backbones.
#pragma once

#include "core/api/types.h"

namespace lea {

// at::dropout(input, rate, active), with the same bits from the same generator. LibTorch draws the
// numbers of a float tensor on the CPU one by one, except on Intel processors; here they are drawn
// many at a time.
LEA_API Tensor apply_dropout(const Tensor& input, double rate, bool active);

}  // namespace lea
