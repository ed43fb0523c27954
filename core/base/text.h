// Text helpers that several rooms need: near misses, names, and text that is safe to print.
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

// Whether `name` may name an experiment, a data set or another file that a user names: letters,
// digits, `.`, `_` and `-`, at most 100, and no leading `.` or `-`. kNameRule says it in an error:
// "must be " + kNameRule.
bool is_name(std::string_view name);
inline constexpr const char* kNameRule =
    "letters, digits, `.`, `_` and `-` (at most 100, no leading `.` or `-`)";

// Words as "a, b, c"; "none" when there are none.
std::string joined(const std::vector<std::string>& words);

// Control and bidirectional characters, and bytes that are not UTF-8, as \xNN, so that text from
// files cannot drive a terminal or change the order in which it is read.
std::string printable(std::string_view text);

// The text in backticks, printable and at most about 60 bytes long, for errors.
std::string in_backticks(std::string_view text);

// Offset of the first byte that is not UTF-8; npos when all is well.
size_t invalid_utf8(std::string_view text);

}  // namespace lea
