// A linear layer, y = x W^T + bias. An adapter adds LoRA's product (arXiv 2106.09685, Eq. 3) to it:
//   scale * (drop(x) A^T) B^T
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "core/lm/export.h"

namespace lea::lm {

struct LowRank {
  at::Tensor a;     // [r, in]
  at::Tensor b;     // [out, r]
  at::Tensor bias;  // [out], scaled like B; undefined if there is none
  double scale = 1;
};

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]; undefined if there is none
  std::optional<LowRank> adapter;

  // x [T, in] -> [T, out], in x's type. The adapter's part is computed in the adapter's type.
  LEA_LM_API at::Tensor operator()(const at::Tensor& x, double dropout = 0) const;
};

}  // namespace lea::lm
