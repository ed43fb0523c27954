#include "core/base/clock.h"

namespace lea {
namespace {

constexpr const char* kFormat = "%Y-%m-%dT%H:%M:%S";

}  // namespace

std::string utc_now() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, kFormat, &utc);
  return std::string(text) + "Z";
}

std::optional<std::time_t> parse_utc(const std::string& text) {
  std::tm utc{};
  if (strptime(text.c_str(), kFormat, &utc) == nullptr) return std::nullopt;
  return timegm(&utc);
}

}  // namespace lea
