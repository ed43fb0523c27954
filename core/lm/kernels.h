// What a layer does between its matrix products. On a CPU each is one pass over memory, computed in
// float32; elsewhere the same formulas in LibTorch's operations. Gradients flow to activations
// only: the weights are frozen.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/lm/export.h"

namespace lea::lm {

// x [..., D] / sqrt(mean(x^2) + epsilon), rounded to x's type, times weight [D].
LEA_LM_API at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

// silu(gate) * up, of one shape.
LEA_LM_API at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

// Rotary positions: x [T, heads, 2 * half], cos and sin float32 [T, half]; pairs (i, i + half).
LEA_LM_API at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace lea::lm
