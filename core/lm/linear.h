// y = x W^T + bias, and of one that an adapter has adapted also LoRA's product (arXiv 2106.09685,
// Eq. 3): + scale * (drop(x) A^T) B^T.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace lea::lm {

struct LowRank {
  at::Tensor a;     // [r, in]
  at::Tensor b;     // [out, r]
  at::Tensor bias;  // [out], scaled like B; undefined where there is none
  double scale = 1;
};

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]; undefined where there is none
  std::optional<LowRank> adapter;

  // x [T, in] -> [T, out], in x's type. The adapter's part is computed in the adapter's type.
  at::Tensor operator()(const at::Tensor& x, double dropout = 0) const;
};

}  // namespace lea::lm
