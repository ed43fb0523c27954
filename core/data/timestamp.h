// Times as the files of other programs state them.
#pragma once

#include <optional>
#include <string_view>

namespace lea::data {

// Returns the seconds since 1970 of a date, or of a date and time, in the form of ISO 8601:
//   2014-04-02   2014-04-02T10:51   2014-04-02T10:51:09.277Z   2014-04-02 10:51:09+02:00
// A zone is Z, +hh:mm, +hhmm or +hh. A time without a zone is taken as UTC. The result is empty for
// any other text.
std::optional<double> parse_iso8601(std::string_view text);

}  // namespace lea::data
