// UTF-8 text, and the character classes and normal forms that tokenizers need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lea::lm {

// Throws DataError "WHERE: byte 12 is not valid UTF-8 ..." with the offset of the first bad byte.
void require_utf8(std::string_view text, const std::string& where);

// The code point that begins at byte `at`, and its length in bytes. The text must be valid UTF-8.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;
};
CodePoint code_point_at(std::string_view text, size_t at);
std::string utf8_of(char32_t code_point);

// The text with U+FFFD for what is not UTF-8: one for each longest beginning of a character, as
// Unicode recommends.
std::string valid_utf8(std::string_view bytes);

// Unicode's White_Space property.
bool is_white_space(char32_t c);
// General categories Nd, Nl and No.
bool is_number(char32_t c);
// The class \w of regular expressions: alphabetic characters, marks, decimal digits, connecting
// punctuation and join controls.
bool is_word(char32_t c);

enum class Form { kNfc, kNfd, kNfkc, kNfkd };
std::string normalized(std::string_view text, Form form);
// Converts each character alone, so a sigma at the end of a word becomes the common small sigma.
std::string lower_case(std::string_view text);

}  // namespace lea::lm
