// What environments share whose states are means of item vectors: the file of the vectors, and the
// mean over a history.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/api/pair_counts.h"
#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/base/counted.h"
#include "core/base/error.h"

namespace lea {

// Writes the vectors, float [N + 1, S]: row i is item i, row 0 is zeros.
inline void write_item_vectors(const std::string& folder, const Tensor& vectors) {
  vectors.select(0, 0).zero_();
  write_tensors(folder + "/vectors.safetensors", {{kTableTensor, vectors}});
}

// The vectors that write_item_vectors() wrote, for this many items. Throws DataError.
inline Table read_item_vectors(const std::string& folder, int64_t items) {
  const std::string path = folder + "/vectors.safetensors";
  Table table(path);
  if (table.rows() != items + 1 || table.values().scalar_type() != at::kFloat)
    throw DataError(path + ": must hold " + counted(items + 1, "row") +
                    " of F32, one for each item and one for padding");
  return table;
}

// The scalar product. Eight sums stand side by side, so that the compiler may use vector instructions
// and the order stays fixed.
inline float dot(const float* a, const float* b, int64_t width) {
  constexpr int64_t kLanes = 8;
  float lane[kLanes] = {};
  int64_t d = 0;
  for (; d + kLanes <= width; d += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lane[l] += a[d + l] * b[d + l];
  }
  float sum = 0;
  for (const float value : lane) sum += value;
  for (; d < width; ++d) sum += a[d] * b[d];
  return sum;
}

// decayed_weights() of each history, float [B, T]. An empty history has no weight.
inline Tensor history_weights(const History& history, double decay) {
  const int64_t rows = history.items.size(0), positions = history.items.size(1);
  const Tensor lengths = history.length.to(at::kCPU).contiguous();
  const Tensor result = at::zeros({rows, positions}, at::kFloat);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  float* weight = result.mutable_data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row, weight += positions) {
    const std::vector<float> decayed = decayed_weights(length[row], decay);
    std::copy(decayed.begin(), decayed.end(), weight);
  }
  return result;
}

// The weighted mean of the vectors of each history's items, float [B, S] on the CPU; zeros for an
// empty history. `vectors` float [N + 1, S].
inline Tensor mean_vectors(const History& history, const Tensor& vectors, double decay) {
  const Tensor items = history.items.to(at::kCPU).contiguous();
  const Tensor weights = history_weights(history, decay);
  const int64_t rows = items.size(0), positions = items.size(1), width = vectors.size(1);
  const Tensor result = at::zeros({rows, width}, at::kFloat);
  const int64_t* item = items.const_data_ptr<int64_t>();
  const float* weight = weights.const_data_ptr<float>();
  const float* vector = vectors.const_data_ptr<float>();
  float* mean = result.mutable_data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row, mean += width) {
    for (int64_t j = 0; j < positions; ++j) {
      const float w = weight[row * positions + j];
      const float* from = vector + item[row * positions + j] * width;
      if (w == 0) continue;
      for (int64_t d = 0; d < width; ++d) mean[d] += w * from[d];
    }
  }
  return result;
}

}  // namespace lea
