// A count with its noun. It is inline, so that plugins may use it too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lea {

// "1 run", "2 runs", "0 runs". `noun` is singular, and its plural ends in -s.
inline std::string counted(int64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " ";
  text += noun;
  return count == 1 ? text : text + "s";
}

}  // namespace lea
