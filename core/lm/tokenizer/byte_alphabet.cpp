#include "core/lm/tokenizer/byte_alphabet.h"

#include <array>
#include <map>

#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

// The letter of each byte. Bytes that are not visible in Latin-1 become U+0100 and the characters
// behind it.
const std::array<char32_t, 256>& letters() {
  static const std::array<char32_t, 256> letters = [] {
    std::array<char32_t, 256> made;
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool visible = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
      made[byte] = visible ? byte : next++;
    }
    return made;
  }();
  return letters;
}

const std::map<char32_t, char>& bytes_of_letters() {
  static const std::map<char32_t, char> bytes = [] {
    std::map<char32_t, char> made;
    for (size_t byte = 0; byte < letters().size(); ++byte)
      made.emplace(letters()[byte], static_cast<char>(byte));
    return made;
  }();
  return bytes;
}

}  // namespace

std::string in_byte_alphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += utf8_of(letters()[static_cast<unsigned char>(byte)]);
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const CodePoint letter = code_point_at(text, at);
    at += letter.bytes;
    const auto byte = bytes_of_letters().find(letter.value);
    if (byte == bytes_of_letters().end()) return std::nullopt;
    bytes += byte->second;
  }
  return bytes;
}

}  // namespace lea::lm
