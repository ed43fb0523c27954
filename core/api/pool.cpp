#include "core/api/pool.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lea {

Tensor reward_columns(const TrainingData& training, const Tensor& pool, const Tensor& event,
                      const Tensor& actions) {
  const Tensor events = event.to(at::kCPU).contiguous(), items = actions.to(at::kCPU).contiguous();
  Tensor columns = at::full(items.sizes(), -1, at::kLong);
  const int64_t width = pool.defined() ? pool.size(1) : 0;
  const int64_t* sampled = pool.defined() ? pool.const_data_ptr<int64_t>() : nullptr;
  const int32_t* logged = training.item.const_data_ptr<int32_t>();
  const int64_t* item = items.const_data_ptr<int64_t>();
  int64_t* column = columns.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < items.size(0); ++row) {
    const int64_t at = events.const_data_ptr<int64_t>()[row];
    for (int64_t k = 0; k < items.size(1) && at >= 0; ++k) {
      const int64_t wanted = item[row * items.size(1) + k];
      int64_t& found = column[row * items.size(1) + k];
      if (wanted == logged[at]) {
        found = 0;
      } else if (width > 0) {
        const int64_t* own = sampled + at * width;
        const int64_t* place = std::find(own, own + width, wanted);
        if (place != own + width) found = 1 + (place - own);
      }
    }
  }
  return columns;
}

}  // namespace lea
