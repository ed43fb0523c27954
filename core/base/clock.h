// The form of times in files: UTC, such as 2026-01-31T23:59:59Z.
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

}  // namespace lea
