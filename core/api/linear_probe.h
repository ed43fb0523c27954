// A linear probe: what a linear map can read from vectors (Alain and Bengio 2016, arXiv
// 1610.01644).
#pragma once

#include "core/api/types.h"

namespace lea {

struct LinearProbe {
  Tensor mean,
      deviation;  // double [D], of each coordinate of the inputs; 1 where all are equal
  Tensor weight;  // double [D, V], of standardised inputs
  Tensor bias;    // double [V]
  double penalty = 0;

  // [B, D] -> double [B, V]
  LEA_API Tensor operator()(const Tensor& inputs) const;
};

// Ridge regression in closed form: minimises |y - x W - b|^2 + n penalty |W|^2 over n rows, with
// each coordinate of x standardised. Of the penalties 0.001, 0.01, 0.1, 1 and 10 the one is taken
// that has the least squared error when each row is predicted from all others (Allen 1974), which
// needs one decomposition; the first of equal ones. inputs [n, D], targets [n, V], n >= 2. On the
// CPU.
LEA_API LinearProbe fit_linear_probe(const Tensor& inputs, const Tensor& targets);

}  // namespace lea
