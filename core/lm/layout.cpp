#include "core/lm/layout.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lea::lm {

Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device) {
  Layout layout;
  layout.position = at::arange(held, held + rows, at::TensorOptions(at::kLong).device(device));
  for (int64_t first = 0; first < rows; first += kLongestRun) {
    const int64_t queries = std::min(kLongestRun, rows - first);
    layout.blocks.push_back({1, queries, held + first + queries, {}});
  }
  return layout;
}

}  // namespace lea::lm
