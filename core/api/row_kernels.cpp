#include "core/api/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/clones.h"
#include "core/base/fast_math.h"

namespace lea::kernels {
namespace {

// Partial results that a loop keeps side by side. The compiler may not reorder a float reduction,
// so it can use vector instructions only where the code states the order.
constexpr int64_t kLanes = 64;

// argmax() first finds the chunk that holds the maximum, then the column in that chunk alone.
constexpr int64_t kChunk = 1024;

// Adds the bias, clamps at 0 with relu, and returns the maximum.
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
    float max = -std::numeric_limits<float>::infinity();
    int64_t chunk = 0;
    for (int64_t begin = 0; begin < items; begin += kChunk) {
      const float here = greatest_sum(row + begin, bias + begin, std::min(kChunk, items - begin));
      if (here > max) max = here, chunk = begin;
    }
    const int64_t end = std::min(chunk + kChunk, items);
    int64_t j = chunk;
    while (j < end && row[j] + bias[j] != max) ++j;
    column[r] = j < end ? j : 0;
  }
}

}  // namespace lea::kernels
