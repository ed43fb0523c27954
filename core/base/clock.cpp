#include "core/base/clock.h"

#include <charconv>
#include <cmath>
#include <map>
#include <string>

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

std::optional<double> parse_duration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
  double seconds = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    double number = 0;
    const auto [rest, error] = std::from_chars(at, end, number, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    const char* unit_end = rest;
    while (unit_end != end && *unit_end >= 'a' && *unit_end <= 'z') ++unit_end;
    const auto unit = kUnits.find(std::string(rest, unit_end));
    if (unit == kUnits.end()) return std::nullopt;
    seconds += number * unit->second;
    at = unit_end;
  }
  if (!(seconds > 0) || !std::isfinite(seconds)) return std::nullopt;
  return seconds;
}

}  // namespace lea
