// Small text helpers that several rooms need: near misses, hashing, and text that is safe to print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

// The candidate with the smallest edit distance (Damerau-Levenshtein), if it is near enough to be a
// slip: at most a third of the word's length. Empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// ", did you mean `x`?" or an empty string.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// SHA-256, 64 lower-case hexadecimal digits. Throws StoreError when the file cannot be read.
std::string sha256(std::string_view bytes);
std::string sha256_file(const std::string& path);

// Control and bidirectional characters, and bytes that are not UTF-8, as \xNN, so that text from
// files cannot drive a terminal or change the order in which it is read.
std::string printable(std::string_view text);

// The text in backticks, printable and at most about 60 bytes long, for errors.
std::string in_backticks(std::string_view text);

// Offset of the first byte that is not UTF-8; npos when all is well.
size_t invalid_utf8(std::string_view text);

}  // namespace lea
