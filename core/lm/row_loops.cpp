#include "core/lm/row_loops.h"

#include <atomic>
#include <bit>
#include <cmath>

#include "core/base/clones.h"
#include "core/base/fast_math.h"

namespace lea::lm {
namespace {

// Reductions add up separate lanes, so that the compiler can use vectors without reordering sums.
constexpr int64_t kLanes = 16;

// Count the values with an exponent of all ones, which are infinities and NaNs.
LEA_CLONES
int64_t ones(const uint16_t* bits, uint16_t exponent, int64_t count) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) found += (bits[i] & exponent) == exponent;
  return found;
}
LEA_CLONES
int64_t ones(const uint32_t* bits, uint32_t exponent, int64_t count) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) found += (bits[i] & exponent) == exponent;
  return found;
}

}  // namespace

bool all_finite(const at::Tensor& x) {
  const void* data = x.const_data_ptr();
  const at::ScalarType type = x.scalar_type();
  std::atomic<int64_t> found = 0;
  for_chunks(x.numel(), [&](int64_t first, int64_t count) {
    if (type == at::kFloat) {
      found += ones(static_cast<const uint32_t*>(data) + first, 0x7f800000, count);
    } else {
      const uint16_t exponent = type == at::kBFloat16 ? 0x7f80 : 0x7c00;
      found += ones(static_cast<const uint16_t*>(data) + first, exponent, count);
    }
  });
  return found == 0;
}

LEA_CLONES
void widen(const at::BFloat16* from, float* to, int64_t count) {
  const auto* bits = reinterpret_cast<const uint16_t*>(from);
  for (int64_t i = 0; i < count; ++i) to[i] = std::bit_cast<float>(uint32_t{bits[i]} << 16);
}

LEA_CLONES
void narrow(const float* from, at::BFloat16* to, int64_t count) {
  auto* bits = reinterpret_cast<uint16_t*>(to);
  for (int64_t i = 0; i < count; ++i) {
    const auto wide = std::bit_cast<uint32_t>(from[i]);
    bits[i] = static_cast<uint16_t>((wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
  }
}

LEA_CLONES
void scale(float* x, float by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= by;
}

LEA_CLONES
void multiply(float* x, const float* by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= by[i];
}

LEA_CLONES
void combine(float* x, float a, const float* y, float b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = a * x[i] + b * y[i];
}

LEA_CLONES
void exponentials(float* x, float most, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = kernels::exp_negative(x[i] - most);
}

LEA_CLONES
double sum_of(const float* x, int64_t count) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] += x[i + l];
  }
  double sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < count; ++i) sum += x[i];
  return sum;
}

LEA_CLONES
double product_sum(const float* a, const float* b, int64_t count) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] += a[i + l] * b[i + l];
  }
  double sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

LEA_CLONES
float largest(const float* x, int64_t count) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, -INFINITY);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  }
  float most = -INFINITY;
  for (const float lane : lanes) most = std::max(most, lane);
  for (; i < count; ++i) most = std::max(most, x[i]);
  return most;
}

}  // namespace lea::lm
