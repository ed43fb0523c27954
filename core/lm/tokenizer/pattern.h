// A Unicode regular expression that PCRE2 runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/json_field.h"

namespace lea::lm {

class Pattern {
 public:
  // `expression` is in PCRE2's syntax. Throws DataError, naming `where`, if it is not valid.
  Pattern(const std::string& expression, const std::string& where);

  // Reads the `pattern` of a step: {"Regex": ...} in Oniguruma's syntax, or {"String": ...}.
  static Pattern of(const JsonFields& stated);

  // True if the expression matches the whole text.
  bool is_whole(std::string_view text) const;

  // Calls `tell` for each match, leftmost first; of alternatives the first that matches counts. A
  // match can be empty, but not where another match ends. The text before, between and behind
  // matches is passed too, with `is_match` false. An empty text causes no call. The text must be
  // valid UTF-8.
  void for_each(std::string_view text,
                const std::function<void(std::string_view part, bool is_match)>& tell) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace lea::lm
