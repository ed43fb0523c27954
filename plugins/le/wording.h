// The wording of prompts as data: a text with places in braces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::le {

// A part of a wording: a text, or a place such as {item} or {title:20}.
struct Piece {
  std::string text;   // of a text; empty for a place
  std::string place;  // "item", "title"; empty for a text
  int64_t cap = 0;    // {title:20}: 20; 0: none

  bool operator==(const Piece&) const = default;
};

// Splits a wording at its places. "{{" and "}}" are braces. Neighbouring texts are joined. Throws
// ConfigError, naming `where` (the parameter), for a brace without its partner and an empty place.
std::vector<Piece> parse_wording(const std::string& wording, const std::string& where);

// Throws ConfigError when `pieces` does not hold each of `places` exactly once, or holds another
// place: "le: user_prompt: must hold {history} once, but holds ...".
void require_places(const std::vector<Piece>& pieces, const std::vector<std::string>& places,
                    const std::string& where);

}  // namespace lea::le
