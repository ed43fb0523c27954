#include "core/api/low_rank.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lea {
namespace {

// More vectors than are wanted, so that the last wanted ones converge as well.
constexpr int64_t kMore = 32;
// An error shrinks by the square of the ratio of the first unwanted singular value to the wanted one
// in every round. With 32 vectors more this leaves less than 1e-4 for the spectra of item pairs.
constexpr int64_t kRounds = 30;
// Below this share of the greatest singular value, one is 0 but for rounding.
constexpr double kRounding = 1e-10;

// target += weight * source, of `width` numbers.
void add_scaled(double* target, const double* source, double weight, int64_t width) {
  for (int64_t d = 0; d < width; ++d) target[d] += weight * source[d];
}

// The product with `dense`, double [columns, k], as double [rows, k]. It adds in a fixed order.
Tensor times(const SparseRows& matrix, const Tensor& dense) {
  const Tensor right = dense.contiguous();
  const int64_t width = right.size(1);
  const Tensor result = at::zeros({matrix.rows(), width}, at::kDouble);
  const double* from = right.const_data_ptr<double>();
  double* to = result.mutable_data_ptr<double>();
  for (int64_t row = 0; row < matrix.rows(); ++row, to += width) {
    for (int64_t i = matrix.offset[row]; i < matrix.offset[row + 1]; ++i)
      add_scaled(to, from + matrix.column[i] * width, matrix.value[i], width);
  }
  return result;
}

// The product of the transposed matrix with `dense`, double [rows, k], as double [columns, k].
Tensor transposed_times(const SparseRows& matrix, const Tensor& dense) {
  const Tensor right = dense.contiguous();
  const int64_t width = right.size(1);
  const Tensor result = at::zeros({matrix.columns, width}, at::kDouble);
  const double* from = right.const_data_ptr<double>();
  double* to = result.mutable_data_ptr<double>();
  for (int64_t row = 0; row < matrix.rows(); ++row, from += width) {
    for (int64_t i = matrix.offset[row]; i < matrix.offset[row + 1]; ++i)
      add_scaled(to + matrix.column[i] * width, from, matrix.value[i], width);
  }
  return result;
}

Tensor orthonormal(const Tensor& matrix) { return std::get<0>(at::linalg_qr(matrix)); }

int64_t width_of(int64_t rows, int64_t columns, int64_t rank) {
  return std::min({rank + kMore, rows, columns});
}

// The sign of each column's element of greatest magnitude, double [k].
Tensor signs_of(const Tensor& vectors) {
  const Tensor greatest = vectors.abs().argmax(0, /*keepdim=*/true);
  const Tensor sign = vectors.gather(0, greatest).squeeze(0).sign();
  return at::where(sign.eq(0), at::ones_like(sign), sign);
}

}  // namespace

Tensor LowRank::row_vectors(int64_t width, double power) const {
  const int64_t rank = std::min(width, values.size(0));
  const Tensor result = at::zeros({left.size(0), width}, at::kFloat);
  if (rank == 0) return result;
  const Tensor kept = values.narrow(0, 0, rank);
  const Tensor scale = at::where(kept.gt(kept[0] * kRounding), kept.pow(power), 0.0);
  result.narrow(1, 0, rank).copy_(left.narrow(1, 0, rank) * scale);
  return result;
}

double LowRank::explained(const SparseRows& matrix) const {
  double all = 0;
  for (const double value : matrix.value) all += value * value;
  return all > 0 ? values.square().sum().item<double>() / all : 1;
}

std::optional<LowRank> low_rank(const SparseRows& matrix, int64_t rank, uint64_t seed,
                                const std::function<bool(int64_t, int64_t)>& stop) {
  const int64_t width = width_of(matrix.rows(), matrix.columns, rank);
  if (width == 0)
    return LowRank{at::zeros({matrix.rows(), 0}, at::kDouble), at::zeros({0}, at::kDouble),
                   at::zeros({matrix.columns, 0}, at::kDouble)};
  Tensor basis = at::empty({matrix.rows(), width}, at::kDouble);
  double* number = basis.mutable_data_ptr<double>();
  for (int64_t i = 0; i < basis.numel(); ++i)
    number[i] = unit(mix(0x6c6f7772616e6bULL, seed, static_cast<uint64_t>(i))) - 0.5;
  basis = orthonormal(basis);
  for (int64_t round = 0; round < kRounds; ++round) {
    if (stop(round, kRounds + 1)) return std::nullopt;
    basis = orthonormal(times(matrix, transposed_times(matrix, basis)));
  }
  if (stop(kRounds, kRounds + 1)) return std::nullopt;
  // A ~ basis projected^T with projected = A^T basis [columns, width]: its decomposition is small.
  const auto [right, values, inner] =
      at::linalg_svd(transposed_times(matrix, basis), /*full_matrices=*/false);
  const Tensor left = at::matmul(basis, inner.t());
  const int64_t kept = std::min(rank, width);
  const Tensor sign = signs_of(left.narrow(1, 0, kept));
  return LowRank{left.narrow(1, 0, kept) * sign, values.narrow(0, 0, kept).clone(),
                 right.narrow(1, 0, kept) * sign};
}

Tensor unit_vectors(const Tensor& vectors) {
  constexpr double kShort = 1e-6;
  const Tensor length = vectors.norm(2, 1, /*keepdim=*/true);
  return at::where(length.gt(length.max() * kShort), vectors / length, at::zeros_like(vectors));
}

double low_rank_cost(int64_t rows, int64_t columns, double entries, int64_t rank) {
  const auto width = static_cast<double>(width_of(rows, columns, rank));
  const double round = 2 * entries * width + 2 * static_cast<double>(rows) * width * width;
  return kRounds * round + 6 * static_cast<double>(columns) * width * width;
}

}  // namespace lea
