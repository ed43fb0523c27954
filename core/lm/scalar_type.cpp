#include "core/lm/scalar_type.h"

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::lm {

at::ScalarType type_of(const std::string& dtype, const std::string& where) {
  if (dtype == "F32") return at::kFloat;
  if (dtype == "F16") return at::kHalf;
  if (dtype == "BF16") return at::kBFloat16;
  throw DataError(where + ": is of dtype " + printable(dtype) + "; supported: F32, F16, BF16");
}

std::string name_of(at::ScalarType type) {
  if (type == at::kFloat) return "F32";
  if (type == at::kHalf) return "F16";
  if (type == at::kBFloat16) return "BF16";
  throw DataError(std::string("a tensor of type ") + c10::toString(type) +
                  " cannot be saved; supported: float32, float16, bfloat16");
}

std::string text_of(c10::IntArrayRef shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace lea::lm
