// The operations of a layer between its matrix products. For float32 and bfloat16 on a CPU each is
// one pass over memory that computes in float32; otherwise LibTorch's operations compute the same
// formulas. Gradients flow only to activations, because the weights are frozen.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/lm/export.h"

namespace lea::lm {

// x [..., D] / sqrt(mean(x^2) + epsilon), rounded to x's type, times weight [D].
LEA_LM_API at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

// silu(gate) * up; both have the same shape.
LEA_LM_API at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

// Turns each pair (i, i + half) of each head of x [T, heads, 2 * half] (rotary positions). cos and
// sin: float32 [T, half].
LEA_LM_API at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace lea::lm
