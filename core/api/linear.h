// The linear layer for backbones and heads: at::linear, through the quicker products where the
// processor has them.
#pragma once

#include "core/api/types.h"

namespace lea {

// input [..., K] * weight [N, K]^T + bias [N]. `bias` may be undefined. Float tensors on the CPU run
// through our own products where lea::wide_products() says so, others through LibTorch. Equal to
// at::linear to rounding, with its gradients; they can be computed once.
LEA_API Tensor apply_linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {});

// Whether our own products take this tensor: a contiguous float matrix on the CPU, and a processor on
// which they pay.
bool takes_products(const Tensor& matrix);

enum class Products { kByMachine, kLibTorch, kWide };
// For tests: which path all products of this process take from now on. kWide needs
// can_use_wide_products().
LEA_API void force_products(Products path);

}  // namespace lea
