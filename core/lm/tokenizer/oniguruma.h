// Translates the regular expressions of tokenizer.json, in Oniguruma's Ruby syntax, for PCRE2.
#pragma once

#include <string>

namespace lea::lm {

// Returns an expression in PCRE2's syntax that matches what Oniguruma matches. Only constructs that
// are known to mean the same, or that can be rewritten, are accepted. Throws DataError for every
// other construct, naming `where`, the construct and its place, because PCRE2 would compile most of
// them but cut texts at other places.
std::string pcre2_of(const std::string& expression, const std::string& where);

// Returns the expression that matches exactly this text.
std::string pcre2_literal(const std::string& text);

}  // namespace lea::lm
