#include "core/base/clock.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

namespace lea {
namespace {

constexpr const char* kFormat = "%Y-%m-%dT%H:%M:%S";

std::string with_unit(int64_t value, const char* unit) { return std::to_string(value) + unit; }

std::string two_units(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return with_unit(whole, " s");
  if (whole < 3600) return with_unit(whole / 60, " min ") + with_unit(whole % 60, " s");
  return with_unit(whole / 3600, " h ") + with_unit(whole % 3600 / 60, " min");
}

std::string cost(double seconds) {
  if (seconds < 120) return with_unit(std::llround(seconds), " s");
  if (seconds < 7200) return with_unit(std::llround(seconds / 60), " min");
  // The tables of earlier programs cut the hours of four digits after the first one.
  char hours[64];
  std::snprintf(hours, sizeof hours, "%.4f", seconds / 3600);
  const std::string text = hours;
  return text.substr(0, text.size() - 3) + " h";
}

std::string age(double seconds) {
  const double minutes = std::max(0.0, seconds / 60);
  if (minutes < 60) return with_unit(std::llround(minutes), " min");
  if (minutes < 48 * 60) return with_unit(std::llround(minutes / 60), " h");
  return with_unit(std::llround(minutes / 60 / 24), " d");
}

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

std::string duration_text(double seconds, DurationStyle style) {
  switch (style) {
    case DurationStyle::kTwoUnits:
      return two_units(seconds);
    case DurationStyle::kCost:
      return cost(seconds);
    case DurationStyle::kAge:
      return age(seconds);
  }
  return two_units(seconds);
}

}  // namespace lea
