// A Unicode regular expression, run by PCRE2.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/json_field.h"

namespace lea::lm {

class Pattern {
 public:
  // In PCRE2's syntax. Throws DataError, naming `where`, for what is no expression.
  Pattern(const std::string& expression, const std::string& where);

  // {"Regex": ...}, in Oniguruma's syntax, or {"String": ...}: the `pattern` of a step.
  static Pattern of(const JsonFields& stated);

  // True where it matches all of the text.
  bool is_whole(std::string_view text) const;

  // Calls for each match, leftmost first, the first alternative that fits; one can be empty, but
  // not where another ends. Each gap between matches is told as well, with `is_match` false. Of an
  // empty text nothing is told. The text must be valid UTF-8.
  void for_each(std::string_view text,
                const std::function<void(std::string_view part, bool is_match)>& tell) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace lea::lm
