#include "core/data/timestamp.h"

#include <chrono>
#include <cstdint>

namespace lea::data {
namespace {

// Takes the parts of a text from its beginning.
class Parts {
 public:
  explicit Parts(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool character(char wanted) {
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Takes this number of digits. They must make a number up to `most`.
  bool number(size_t digits, int most, int* value) {
    if (rest_.size() < digits) return false;
    *value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      *value = 10 * *value + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return *value <= most;
  }

  // Takes one digit or more, which stand behind a decimal point.
  bool fraction(double* value) {
    constexpr int kExact = 15;  // digits of a whole number that a double holds
    double digits = 0, scale = 1;
    int count = 0;
    for (int digit = 0; number(1, 9, &digit); ++count) {
      if (count >= kExact) continue;
      digits = 10 * digits + digit;
      scale *= 10;
    }
    *value = digits / scale;
    return count > 0;
  }

 private:
  std::string_view rest_;
};

// Reads a date as days since 1970.
bool read_date(Parts& parts, int64_t* days) {
  int year = 0, month = 0, day = 0;
  if (!parts.number(4, 9999, &year) || !parts.character('-') || !parts.number(2, 12, &month) ||
      !parts.character('-') || !parts.number(2, 31, &day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  *days = std::chrono::sys_days(date).time_since_epoch().count();
  return date.ok();
}

// Reads a time as seconds of the day and their fraction. 60 seconds are a leap second.
bool read_time_of_day(Parts& parts, int64_t* seconds, double* fraction) {
  int hour = 0, minute = 0, second = 0;
  if (!parts.number(2, 23, &hour) || !parts.character(':') || !parts.number(2, 59, &minute))
    return false;
  if (parts.character(':')) {
    if (!parts.number(2, 60, &second)) return false;
    if (parts.character('.') && !parts.fraction(fraction)) return false;
  }
  *seconds = 3600 * hour + 60 * minute + second;
  return true;
}

// Reads a zone as the seconds by which it is ahead of UTC.
bool read_zone(Parts& parts, int64_t* ahead) {
  if (parts.at_end() || parts.character('Z')) return true;
  const bool east = parts.character('+');
  if (!east && !parts.character('-')) return false;
  int hours = 0, minutes = 0;
  if (!parts.number(2, 23, &hours)) return false;
  const bool colon = parts.character(':');
  if ((colon || !parts.at_end()) && !parts.number(2, 59, &minutes)) return false;
  *ahead = (east ? 60 : -60) * (60 * hours + minutes);
  return true;
}

}  // namespace

std::optional<double> parse_iso8601(std::string_view text) {
  Parts parts(text);
  int64_t days = 0, seconds = 0, ahead = 0;
  double fraction = 0;
  if (!read_date(parts, &days)) return std::nullopt;
  if (!parts.at_end()) {
    if (!parts.character('T') && !parts.character(' ')) return std::nullopt;
    if (!read_time_of_day(parts, &seconds, &fraction) || !read_zone(parts, &ahead))
      return std::nullopt;
  }
  if (!parts.at_end()) return std::nullopt;
  return static_cast<double>(86400 * days + seconds - ahead) + fraction;
}

}  // namespace lea::data
