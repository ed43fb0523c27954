#include "core/base/device_name.h"

namespace lea {

bool is_device_name(const std::string& text) {
  if (text == "cpu" || text == "cuda") return true;
  const std::string prefix = "cuda:";
  const size_t digits = text.size() - prefix.size();  // LibTorch stores a device number in one byte
  return text.starts_with(prefix) && digits >= 1 && digits <= 2 &&
         text.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
}

}  // namespace lea
