#include "core/lm/linear.h"

#include <ATen/ATen.h>

namespace lea::lm {

at::Tensor Linear::operator()(const at::Tensor& x, double dropout) const {
  const at::Tensor y = at::linear(x, weight, bias);
  if (!adapter) return y;
  at::Tensor kept = x.to(adapter->a.scalar_type());
  if (dropout > 0) kept = at::dropout(kept, dropout, /*train=*/true);
  const at::Tensor change = at::linear(at::linear(kept, adapter->a), adapter->b, adapter->bias);
  return (y + change * adapter->scale).to(y.scalar_type());
}

}  // namespace lea::lm
