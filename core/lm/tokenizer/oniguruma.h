// Regular expressions as tokenizer.json writes them: in Oniguruma's Ruby syntax.
#pragma once

#include <string>

namespace lea::lm {

// The expression in PCRE2's syntax, matching what Oniguruma matches. Only constructs that are known
// to mean the same, or that can be written so, are accepted. Throws DataError, naming `where`, the
// construct and its place, for every other one: most of them would compile, and cut texts
// elsewhere.
std::string pcre2_of(const std::string& expression, const std::string& where);

// The expression that matches the text itself.
std::string pcre2_literal(const std::string& text);

}  // namespace lea::lm
