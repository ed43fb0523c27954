#include "core/api/linear_probe.h"

#include <ATen/ATen.h>

#include <tuple>

namespace lea {

Tensor LinearProbe::operator()(const Tensor& inputs) const {
  return at::addmm(bias, (inputs.to(at::kCPU, at::kDouble) - mean) / deviation, weight);
}

LinearProbe fit_linear_probe(const Tensor& inputs, const Tensor& targets) {
  const Tensor x = inputs.to(at::kCPU, at::kDouble), y = targets.to(at::kCPU, at::kDouble);
  const auto rows = static_cast<double>(x.size(0));
  LinearProbe probe;
  probe.mean = x.mean(0);
  const Tensor centred = x - probe.mean;
  const Tensor deviation = centred.square().mean(0).sqrt();
  // A coordinate that is the same in all rows deviates by rounding alone.
  probe.deviation = deviation.masked_fill(deviation.le(probe.mean.abs() * 1e-12), 1);
  probe.bias = y.mean(0);
  const Tensor rest = y - probe.bias;

  // x = U S V^T. The fitted values are U d U^T y with d = s^2 / (s^2 + n penalty), so a row has the
  // influence h = 1 / n + sum of u^2 d on its own fitted value, and without it its error is
  // (y - fitted) / (1 - h).
  const auto [left, values, right] =
      at::linalg_svd(centred / probe.deviation, /*full_matrices=*/false);
  const Tensor projected = at::mm(left.t(), rest), squares = values.square();  // [k, V], [k]
  double least = -1;
  for (const double penalty : {0.001, 0.01, 0.1, 1.0, 10.0}) {
    const Tensor shrunk = squares / (squares + rows * penalty);
    const Tensor influence = at::mv(left.square(), shrunk) + 1 / rows;
    const Tensor error = (rest - at::mm(left, shrunk.unsqueeze(1) * projected)) /
                         (1 - influence).clamp_min(1e-12).unsqueeze(1);
    const double sum = error.square().sum().item<double>();
    if (least >= 0 && sum >= least) continue;
    least = sum;
    probe.penalty = penalty;
    const Tensor inverse = values / (squares + rows * penalty);
    probe.weight = at::mm(right.t(), inverse.unsqueeze(1) * projected);
  }
  return probe;
}

}  // namespace lea
