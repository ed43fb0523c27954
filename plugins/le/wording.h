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
// ConfigError, which begins with `where` ("le: user_prompt"), for a brace without its partner, a
// place without a name and a cap that is not 1 to 100000.
std::vector<Piece> parse_wording(const std::string& wording, const std::string& where);

// Throws ConfigError unless `pieces` holds each of `places` exactly once, each of `optional` at
// most once, no other place, and no cap: "le: user_prompt: must hold {history} once, but ...".
void require_places(const std::vector<Piece>& pieces, const std::vector<std::string>& places,
                    const std::string& where, const std::vector<std::string>& optional = {});

// The texts around the places of a wording that must hold these one or two places, once each and in
// this order: one before the first place, one after each. They may be empty. Throws as the functions
// above.
std::vector<std::string> texts_around(const std::string& wording,
                                      const std::vector<std::string>& places,
                                      const std::string& where);

}  // namespace lea::le
