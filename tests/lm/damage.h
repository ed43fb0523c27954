// Damaged files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace lea::lm {

// A few bytes changed, left out or put in, among the first `extent`. Half of the new ones are of
// `likely`, unless that is empty.
inline std::string damaged(std::string bytes, std::string_view likely, std::mt19937_64* random,
                           size_t extent = SIZE_MAX) {
  const auto below = [&](size_t n) { return static_cast<size_t>((*random)() % n); };
  for (size_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
    const size_t at = below(std::min(extent, bytes.size()));
    const bool is_likely = !likely.empty() && below(2) == 1;
    const char byte = is_likely ? likely[below(likely.size())] : static_cast<char>((*random)());
    switch (below(4)) {
      case 0:
        bytes.erase(at, 1 + below(8));
        break;
      case 1:
        bytes.insert(at, 1 + below(3), byte);
        break;
      default:
        bytes[at] = byte;
    }
  }
  return bytes;
}

}  // namespace lea::lm
