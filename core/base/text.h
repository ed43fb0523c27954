// Text helpers: near misses of a word, rules for names, lists, counts, and text that is safe to
// print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/counted.h"

namespace lea {

// The candidate with the smallest edit distance (Damerau-Levenshtein), if the distance is at most a
// third of the word's length. Empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// ", did you mean `x`?" or an empty string. Never proposes the word itself.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// Whether `name` may name an experiment, a data set or another file of a user: letters, digits,
// `.`, `_` and `-`, at most 100, and no leading `.` or `-`. kNameRule is this rule for an error:
// "must be " + kNameRule.
bool is_name(std::string_view name);
inline constexpr const char* kNameRule =
    "letters, digits, `.`, `_` and `-` (at most 100, no leading `.` or `-`)";

// Words as "a, b, c"; "none" when there are none.
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

// An integer for people: "71,872".
std::string grouped(int64_t number);

// The words that a text lists with bars between them: "a|b" lists two. A text without a bar is one
// word.
std::vector<std::string> between_bars(std::string_view text);

// The text with control and bidirectional characters, and bytes that are not UTF-8, as \xNN. Text
// from files could otherwise control a terminal or change the order in which the text is read.
std::string printable(std::string_view text);

// The text in backticks for errors: printable, and cut after 60 bytes.
std::string in_backticks(std::string_view text);

// Offset of the first byte that is not UTF-8; npos if there is none.
size_t invalid_utf8(std::string_view text);

}  // namespace lea
