// The form of times in files: UTC, such as 2026-01-31T23:59:59Z. The form of durations for people.
#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace lea {

std::string utc_now();

// Seconds since 1970. Empty when the text does not begin with a time of the form above.
std::optional<std::time_t> parse_utc(const std::string& text);

// Seconds of a duration such as 90s, 170min, 2h or 1h30min (units: s, min, h, d). Empty when the text
// is none, or is not above 0.
std::optional<double> parse_duration(const std::string& text);

enum class DurationStyle {
  kTwoUnits,  // "12 s", "2 min 5 s", "3 h 20 min"
  kCost,      // what was spent, for a table: "119 s", "119 min", "2.0 h"
  kAge,       // how old something is: "12 min", "47 h", "3 d"
};
std::string duration_text(double seconds, DurationStyle style = DurationStyle::kTwoUnits);

}  // namespace lea
