#include "core/lm/layout.h"

#include <ATen/ATen.h>

#include <map>

namespace lea::lm {

Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device) {
  const auto range = [&](int64_t begin, int64_t end) {
    return at::arange(begin, end, at::TensorOptions(at::kLong).device(device));
  };
  return {range(held, held + rows),
          {{range(0, rows).unsqueeze(0), range(0, held + rows).unsqueeze(0)}}};
}

Layout layout_of_prompts(const std::vector<int64_t>& lengths, at::Device device) {
  std::map<int64_t, std::vector<int64_t>> starts;  // length -> first rows
  std::vector<at::Tensor> position;
  int64_t row = 0;
  for (const int64_t length : lengths) {
    starts[length].push_back(row);
    position.push_back(at::arange(length, at::kLong));
    row += length;
  }
  Layout layout;
  layout.position = at::cat(position).to(device);
  for (const auto& [length, firsts] : starts) {
    const at::Tensor rows =
        at::tensor(firsts, at::kLong).unsqueeze(1) + at::arange(length, at::kLong);
    layout.blocks.push_back({rows.to(device), rows.to(device)});
  }
  return layout;
}

}  // namespace lea::lm
