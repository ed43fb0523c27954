// The wording of durations.
#pragma once

#include <string>

namespace lea::lab {

// "3 h 20 min", "2 min 5 s", "12 s".
std::string duration_text(double seconds);

}  // namespace lea::lab
