#include "core/lm/vector_math.h"

#include <ATen/ATen.h>

namespace lea {

bool settle_vector_math() {
  const at::NoGradGuard no_grad;
  using Function = at::Tensor (*)(const at::Tensor&);
  // ATen/cpu/vml.h gives these functions to MKL in some version of LibTorch.
  static constexpr Function kFunctions[] = {at::acos, at::asin,  at::atan,   at::cos,  at::cosh,
                                            at::erf,  at::erfc,  at::erfinv, at::exp,  at::expm1,
                                            at::log,  at::log10, at::log1p,  at::log2, at::sin,
                                            at::sinh, at::sqrt,  at::tan,    at::tanh, at::trunc};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor half = at::full({1}, 0.5, type);
    for (const Function function : kFunctions) function(half);
  }
  return true;
}

}  // namespace lea
