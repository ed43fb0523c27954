// GPT-2's alphabet, in which every byte is a visible character: " é" is "ĠÃ©".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lea::lm {

std::string in_byte_alphabet(std::string_view bytes);
// The bytes of a text in this alphabet; empty if it has another character. The text must be valid
// UTF-8.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace lea::lm
