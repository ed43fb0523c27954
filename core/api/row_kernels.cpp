#include "core/api/row_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

// Compiled once for each instruction set, chosen at load time; the build itself stays at the
// baseline. Lanes are explicit because a float reduction may not be reordered by the compiler.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LEA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LEA_CLONES
#endif

namespace lea::kernels {
namespace {

constexpr int64_t kLanes = 64;

// exp(x) for x <= 0, relative error below 2e-7: x = k ln 2 + r, a polynomial in r (Cephes), and k
// into the exponent. Below -87 it is 0.
inline float exp_negative(float x) {
  const float clamped = x < -87.0f ? -87.0f : x;
  const float k = (clamped * 1.44269504f + 12582912.0f) - 12582912.0f;  // rounds to an integer
  const float r = (clamped - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = std::bit_cast<float>((static_cast<int32_t>(k) + 127) << 23);
  const float result = (p * r * r + r + 1.0f) * power;
  return x < -87.0f ? 0.0f : result;
}

// logits += bias, clamped at 0 for relu; returns the maximum.
template <bool relu>
inline float add_bias(float* logits, const float* bias, int64_t items) {
  float lane[kLanes];
  for (float& value : lane) value = -std::numeric_limits<float>::infinity();
  int64_t j = 0;
  for (; j + kLanes <= items; j += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) {
      float x = logits[j + l] + bias[j + l];
      if (relu) x = x < 0 ? 0 : x;
      logits[j + l] = x;
      lane[l] = lane[l] < x ? x : lane[l];
    }
  }
  float max = *std::max_element(lane, lane + kLanes);
  for (; j < items; ++j) {
    float x = logits[j] + bias[j];
    if (relu) x = x < 0 ? 0 : x;
    logits[j] = x;
    max = std::max(max, x);
  }
  return max;
}

template <bool relu>
inline float exponentiate(float* logits, int64_t items, float max) {
  float lane[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= items; j += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) {
      const float x = logits[j + l];
      const float e = exp_negative(x - max);
      lane[l] += e;
      logits[j + l] = relu && x <= 0 ? 0.0f : e;
    }
  }
  double sum = 0;
  for (const float value : lane) sum += value;
  for (; j < items; ++j) {
    const float x = logits[j];
    const float e = exp_negative(x - max);
    sum += e;
    logits[j] = relu && x <= 0 ? 0.0f : e;
  }
  return static_cast<float>(sum);
}

LEA_CLONES float add_bias_plain(float* logits, const float* bias, int64_t items) {
  return add_bias<false>(logits, bias, items);
}
LEA_CLONES float add_bias_relu(float* logits, const float* bias, int64_t items) {
  return add_bias<true>(logits, bias, items);
}
LEA_CLONES float exponentiate_plain(float* logits, int64_t items, float max) {
  return exponentiate<false>(logits, items, max);
}
LEA_CLONES float exponentiate_relu(float* logits, int64_t items, float max) {
  return exponentiate<true>(logits, items, max);
}

LEA_CLONES float greatest_sum(const float* logits, const float* bias, int64_t items) {
  float lane[kLanes];
  for (float& value : lane) value = -std::numeric_limits<float>::infinity();
  int64_t j = 0;
  for (; j + kLanes <= items; j += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) {
      const float x = logits[j + l] + bias[j + l];
      lane[l] = lane[l] < x ? x : lane[l];
    }
  }
  float max = *std::max_element(lane, lane + kLanes);
  for (; j < items; ++j) max = std::max(max, logits[j] + bias[j]);
  return max;
}

}  // namespace

void exponentials(float* logits, const float* bias, int64_t rows, int64_t items, bool relu,
                  const int64_t* target, int64_t targets, float* picked, float* max, float* sum) {
  for (int64_t r = 0; r < rows; ++r) {
    float* row = logits + r * items;
    max[r] = relu ? add_bias_relu(row, bias, items) : add_bias_plain(row, bias, items);
    for (int64_t m = 0; m < targets; ++m) {
      const int64_t item = target[r * targets + m];
      if (item > 0) picked[r * targets + m] = row[item - 1];
    }
    sum[r] = relu ? exponentiate_relu(row, items, max[r]) : exponentiate_plain(row, items, max[r]);
  }
}

void argmax(const float* logits, const float* bias, int64_t rows, int64_t items, int64_t* column) {
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = logits + r * items;
    const float max = greatest_sum(row, bias, items);
    int64_t j = 0;
    while (j < items && row[j] + bias[j] != max) ++j;
    column[r] = j < items ? j : 0;
  }
}

}  // namespace lea::kernels
