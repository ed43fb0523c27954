#include "core/lab/executor.h"

#include <cmath>
#include <cstdint>

namespace lea::lab {

std::string duration_text(double seconds) {
  const int64_t whole = std::llround(seconds);
  const auto text = [](int64_t value, const char* unit) { return std::to_string(value) + unit; };
  if (whole < 60) return text(whole, " s");
  if (whole < 3600) return text(whole / 60, " min ") + text(whole % 60, " s");
  return text(whole / 3600, " h ") + text(whole % 3600 / 60, " min");
}

}  // namespace lea::lab
