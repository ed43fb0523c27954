#include "core/lm/layout.h"

#include <ATen/ATen.h>

namespace lea::lm {

Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device) {
  return {at::arange(held, held + rows, at::TensorOptions(at::kLong).device(device)),
          {{.groups = 1, .queries = rows, .keys = held + rows, .key = {}}}};
}

}  // namespace lea::lm
