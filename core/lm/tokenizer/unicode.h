// UTF-8 and the character classes that tokenizers ask for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lea::lm {

// Throws DataError "WHERE: byte 12 is not valid UTF-8 ..." with the offset of the first bad byte.
void require_utf8(std::string_view text, const std::string& where);

// The code point that begins at `at`, and its length in bytes. The text must be valid.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;
};
CodePoint code_point_at(std::string_view text, size_t at);
std::string utf8_of(char32_t code_point);

// Unicode's White_Space property.
bool is_white_space(char32_t c);
// General categories Nd, Nl and No.
bool is_number(char32_t c);
// What a regular expression calls \w: letters, marks, numbers, connecting punctuation.
bool is_word(char32_t c);

enum class Form { kNfc, kNfd, kNfkc, kNfkd };
std::string normalized(std::string_view text, Form form);
// Character by character: a sigma at the end of a word becomes no other letter than elsewhere.
std::string lower_case(std::string_view text);

}  // namespace lea::lm
