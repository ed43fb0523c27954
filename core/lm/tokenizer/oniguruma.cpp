#include "core/lm/tokenizer/oniguruma.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

constexpr int kMostDepth = 100;

// The contents of character classes. PCRE2's own classes differ: its \s has U+180E, which is not
// white space in Unicode since version 6.3, and its \w lacks marks and some letters.
constexpr std::string_view kSpaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kOthersThanSpaces =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff})"
    R"(\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Outside character classes Oniguruma uses another table for Latin-1, in which these are words.
constexpr std::string_view kWordAlone =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be}])";

constexpr std::string_view kCategories[] = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc",
                                            "Me", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Ps",
                                            "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So",
                                            "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cn", "Co"};
constexpr std::string_view kScripts[] = {
    "Arabic",   "Armenian", "Bengali", "Cyrillic", "Devanagari", "Georgian", "Greek", "Gujarati",
    "Gurmukhi", "Han",      "Hangul",  "Hebrew",   "Hiragana",   "Kannada",  "Khmer", "Katakana",
    "Lao",      "Latin",    "Myanmar", "Sinhala",  "Tamil",      "Telugu",   "Thai",  "Tibetan"};

std::string escaped(char32_t c) {
  constexpr char kDigits[] = "0123456789abcdef";
  if (c < 0x80 && std::isalnum(static_cast<int>(c))) return {static_cast<char>(c)};
  std::string digits;
  for (; c > 0 || digits.empty(); c >>= 4) digits.insert(digits.begin(), kDigits[c & 15]);
  return "\\x{" + digits + "}";
}

// Translates an expression in one pass.
class Translator {
 public:
  Translator(const std::string& expression, const std::string& where)
      : text_(expression), where_(where) {}

  std::string all() {
    Scope scope;
    if (text_.starts_with("(?i)")) {  // elsewhere it would apply to later alternatives too
      at_ = 4;
      scope.ignores_case = true;
      out_ = "(?i)";
    }
    alternatives(scope);
    if (!ended()) refuse(at_, "a bracket is closed that is not open");
    return std::move(out_);
  }

 private:
  // Options that apply within a group.
  struct Scope {
    bool ignores_case = false, dot_is_any = false, looks_behind = false;
    int depth = 0;
  };
  struct Escape {
    std::optional<char32_t> character;  // set if the escape is one character
    std::string in_class, alone;        // otherwise its class; empty: not supported
  };

  [[noreturn]] void refuse(size_t from, const std::string& why) const {
    const size_t end = std::max(at_, std::min(from + 1, text_.size()));
    throw DataError(where_ + ": Regex: " +
                    in_backticks(std::string_view(text_).substr(from, end - from)) + " at byte " +
                    std::to_string(from) + " of " + printable(text_) + " is not supported: " + why);
  }

  bool ended() const { return at_ == text_.size(); }
  bool is_next(std::string_view part) const {
    return std::string_view(text_).substr(at_).starts_with(part);
  }
  bool take(std::string_view part) {
    if (!is_next(part)) return false;
    at_ += part.size();
    return true;
  }
  char32_t take_character() {
    const CodePoint c = code_point_at(text_, at_);
    at_ += c.bytes;
    return c.value;
  }

  // alternatives(), sequence() and item() return whether the part can match the empty text.
  bool alternatives(const Scope& scope) {
    bool can_be_empty = sequence(scope);
    while (take("|")) {
      out_ += '|';
      last_letter_ = 0;
      can_be_empty = sequence(scope) || can_be_empty;
    }
    return can_be_empty;
  }

  bool sequence(const Scope& scope) {
    bool can_be_empty = true;
    while (!ended() && !is_next("|") && !is_next(")")) {
      const size_t from = at_, written = out_.size();
      const bool item_can_be_empty = item(scope);
      can_be_empty = repeat(scope, from, written, item_can_be_empty) && can_be_empty;
    }
    return can_be_empty;
  }

  bool item(const Scope& scope) {
    const size_t from = at_;
    if (is_next("(")) return group(scope);
    if (take("[")) {
      out_ += '[';
      char_class(scope, from);
      out_ += ']';
      return false;
    }
    if (is_next("\\")) return escape_alone(scope);
    const char32_t c = take_character();
    switch (c) {
      case '^':  // it does not match behind a line feed that ends the text
        out_ += R"((?:\A|(?<=\x{a})(?!\z)))";
        return true;
      case '$':
        out_ += R"((?=\x{a}|\z))";
        return true;
      case '.':
        out_ += scope.dot_is_any ? "(?s:.)" : R"([^\x{a}])";
        last_letter_ = 0;
        return false;
      case '*':
      case '+':
      case '?':
        refuse(from, "it repeats nothing");
      case '{':
        refuse(from, "the character itself is written with \\ before it");
    }
    character(scope, c, from);
    return false;
  }

  void character(const Scope& scope, char32_t c, size_t from) {
    if (scope.ignores_case) require_simple_case(c, from);
    out_ += escaped(c);
    last_letter_ = c;
  }

  // Under (?i) Oniguruma also matches several letters with one, such as `ss` with U+00DF.
  void require_simple_case(char32_t c, size_t from) const {
    if (c >= 0x80) refuse(from, "under (?i) only ASCII letters are");
    const auto low = [](char32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    for (const std::string_view pair : {"ff", "fi", "fl", "ss", "st"}) {
      if (low(last_letter_) != static_cast<char32_t>(pair[0])) continue;
      if (low(c) != static_cast<char32_t>(pair[1])) continue;
      refuse(from, "under (?i) `" + std::string(pair) + "` would stand for one letter as well");
    }
  }

  bool group(const Scope& outer) {
    const size_t from = at_;
    ++at_;
    Scope scope = outer;
    if (++scope.depth > kMostDepth) refuse(from, "groups are nested too deeply");
    bool is_assertion = true;
    if (take("?=")) {
      out_ += "(?=";
    } else if (take("?!")) {
      out_ += "(?!";
    } else if (is_next("?<=") || is_next("?<!")) {
      out_ += "(" + text_.substr(at_, 3);
      at_ += 3;
      if (scope.ignores_case) refuse(from, "it looks behind under (?i)");
      scope.looks_behind = true;
    } else {
      is_assertion = false;
      out_ += take("?>") ? "(?>" : plain_group(&scope, from);
    }
    if (outer.looks_behind) refuse(from, "a group in what looks behind");
    const bool inside_can_be_empty = alternatives(scope);
    if (ended()) refuse(from, "the group is not closed");
    ++at_;
    if (scope.looks_behind && inside_can_be_empty) refuse(from, "it looks behind for nothing");
    out_ += ')';
    return is_assertion || inside_can_be_empty;
  }

  // Translates the beginning of a group: "(", "(?:" or "(?im:". There are no references to groups,
  // so no group needs to capture.
  std::string plain_group(Scope* scope, size_t from) {
    if (!take("?")) return "(?:";
    for (; is_next("i") || is_next("m"); ++at_) {
      scope->ignores_case = scope->ignores_case || text_[at_] == 'i';
      scope->dot_is_any = scope->dot_is_any || text_[at_] == 'm';
    }
    if (!take(":")) {
      if (!ended()) take_character();
      refuse(from, "of the groups that begin so, (?: (?i: (?m: (?> (?= (?! (?<= (?<! are");
    }
    return scope->ignores_case ? "(?i:" : "(?:";
  }

  bool is_repeat_next() const {
    return !ended() && std::string_view("*+?{").find(text_[at_]) != std::string_view::npos;
  }

  // Translates the repeat behind an item, if there is one. Returns whether the item with its repeat
  // can match the empty text.
  bool repeat(const Scope& scope, size_t item, size_t written, bool can_be_empty) {
    if (!is_repeat_next()) return can_be_empty;
    const size_t from = at_;
    bool or_none = true;
    if (take("{")) {
      or_none = interval(from, written);
    } else {
      or_none = text_[at_] != '+';
      out_ += text_[at_++];
      if (is_next("?") || is_next("+")) out_ += text_[at_++];  // lazy, possessive
    }
    if (is_repeat_next()) {
      ++at_;
      refuse(from, "it repeats a repeat");
    }
    if (scope.looks_behind) refuse(item, "a repeat in what looks behind");
    // The two engines end such a loop at different times.
    if (can_be_empty) refuse(item, "it repeats what can match nothing");
    return or_none;
  }

  std::optional<std::string> number() {
    const size_t from = at_;
    while (!ended() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == from) return std::nullopt;
    return text_.substr(from, at_ - from);
  }

  // Translates {n}, {n,}, {,m} or {n,m}; the opening brace has been read. In Oniguruma a + behind
  // it, and a ? behind {n}, is a second repeat around the first, but PCRE2 would read it as
  // possessive or lazy. Returns whether the repeat can match the empty text.
  bool interval(size_t from, size_t written) {
    const auto least = number();
    const bool has_comma = take(",");
    const auto most = has_comma ? number() : least;
    const bool valid = (least || most) && take("}");
    const auto value = [](const std::string& digits) {
      return digits.size() < 6 ? std::stoi(digits) : INT32_MAX;
    };
    if (!valid) refuse(from, "the character itself is written with \\ before it");
    const int low = least ? value(*least) : 0, high = most ? value(*most) : low;
    if (low > 65535 || high > 65535) refuse(from, "at most 65535 repeats are");
    if (high < low) refuse(from, "it ends below its beginning");
    out_ += "{" + std::to_string(low) +
            (has_comma ? "," + (most ? std::to_string(high) : std::string()) : "") + "}";
    if (is_next("+") || (is_next("?") && !has_comma)) {
      if (low == 0) refuse(from, "it repeats what can match nothing");
      // {n,}+ matches the same as {n,}. As a loop in a loop it would try every way to cut a text.
      if (has_comma && !most) {
        ++at_;
        return false;
      }
      out_.insert(written, "(?:");
      out_ += std::string(")") + text_[at_];
      return text_[at_++] == '?';
    }
    if (take("?")) out_ += '?';
    return low == 0;
  }

  bool escape_alone(const Scope& scope) {
    const size_t from = at_;
    const std::string word(kWordAlone);
    const auto boundary = [&](const char* first, const char* second) {
      return "(?:(?<=" + word + ")(?" + first + word + ")|(?<!" + word + ")(?" + second + word +
             "))";
    };
    const std::pair<const char*, std::string> assertions[] = {{"\\A", "\\A"},
                                                              {"\\z", "\\z"},
                                                              {"\\Z", R"((?=\x{a}?\z))"},
                                                              {"\\b", boundary("!", "=")},
                                                              {"\\B", boundary("=", "!")}};
    for (const auto& [name, written] : assertions) {
      if (!take(name)) continue;
      if (scope.looks_behind) refuse(from, "an assertion in what looks behind");
      out_ += written;
      return true;
    }
    const Escape found = escape(scope);
    if (found.character) {
      character(scope, *found.character, from);
    } else {
      out_ += found.alone;
      last_letter_ = 0;
    }
    return false;
  }

  Escape escape(const Scope& scope) {
    const size_t from = at_;
    ++at_;
    if (ended()) refuse(from, "nothing stands behind it");
    const char32_t c = take_character();
    const auto of_class = [](std::string_view inside) {
      return Escape{{}, std::string(inside), "[" + std::string(inside) + "]"};
    };
    switch (c) {
      case 't':
        return {'\t', {}, {}};
      case 'n':
        return {'\n', {}, {}};
      case 'r':
        return {'\r', {}, {}};
      case 'f':
        return {'\f', {}, {}};
      case 'v':
        return {'\v', {}, {}};
      case 'x':
      case 'u':
        return {code_point(c, from), {}, {}};
      case 'd':
        return of_class(R"(\p{Nd})");
      case 'D':
        return of_class(R"(\P{Nd})");
      case 's':
        return of_class(kSpaces);
      case 'S':
        return of_class(kOthersThanSpaces);
      case 'w':
        if (scope.ignores_case) refuse(from, "it stands under (?i)");
        return {{}, std::string(kWord), std::string(kWordAlone)};
      case 'W':
        if (scope.ignores_case) refuse(from, "it stands under (?i)");
        return {{}, {}, "[^" + std::string(kWordAlone.substr(1))};
      case 'p':
      case 'P':
        return of_class(property(scope, c == 'P', from));
    }
    if (c >= 0x80 || c < 0x20 || std::isalnum(static_cast<int>(c)))
      refuse(from, "Oniguruma and PCRE2 may read it differently");
    return {c, {}, {}};
  }

  // Reads the digits of \xHH, \x{H} or \uHHHH.
  char32_t code_point(char32_t kind, size_t from) {
    const bool braced = kind == 'x' && take("{");
    const size_t most = braced ? 8 : kind == 'x' ? 2 : 4;
    char32_t value = 0;
    size_t digits = 0;
    while (digits < most && !ended() && std::isxdigit(static_cast<unsigned char>(text_[at_]))) {
      value = value << 4 | static_cast<char32_t>(std::stoi(text_.substr(at_++, 1), nullptr, 16));
      ++digits;
    }
    const bool complete = braced ? digits > 0 && take("}") : digits == most;
    // In Oniguruma \x80 is a byte, not a character.
    const bool valid = value < 0x110000 && (value < 0xd800 || value > 0xdfff) &&
                       (kind == 'u' || braced || value < 0x80);
    if (!complete || !valid) refuse(from, "it is no character");
    return value;
  }

  std::string property(const Scope& scope, bool negated, size_t from) {
    const size_t end = text_.find('}', at_);
    if (!take("{") || end == std::string::npos) refuse(from, "its name stands in { }");
    if (take("^")) negated = !negated;
    const std::string name = text_.substr(at_, end - at_);
    at_ = end + 1;
    // Even letters without a case can have variants with one.
    if (scope.ignores_case) refuse(from, "it stands under (?i)");
    const std::string begin = negated ? "\\P{" : "\\p{";
    if (std::count(std::begin(kCategories), std::end(kCategories), name)) return begin + name + "}";
    // Without `sc:` PCRE2 would count characters that several scripts share as part of each.
    if (std::count(std::begin(kScripts), std::end(kScripts), name))
      return begin + "sc:" + name + "}";
    refuse(from,
           "of the properties, general categories (L, Lu ...) and common scripts (Han ...) "
           "are");
  }

  // Translates a class up to its closing bracket; the opening bracket has been read. A class in a
  // class adds its characters.
  void char_class(const Scope& scope, size_t begin, int depth = 0) {
    const bool negated = take("^");
    if (negated && depth > 0) refuse(begin, "it excludes characters from within a class");
    if (negated && scope.ignores_case) refuse(begin, "it excludes characters under (?i)");
    if (depth > kMostDepth) refuse(begin, "classes are nested too deeply");
    if (negated) out_ += '^';
    if (is_next("]")) {
      ++at_;
      refuse(begin, "a class that is empty or begins with ]; write \\] for the character");
    }
    size_t items = 0;
    for (bool first = true; !take("]"); first = false, ++items) {
      const size_t from = at_;
      if (ended()) refuse(begin, "the class is not closed");
      if (take("&&")) refuse(from, "an intersection of classes");
      if (take("[:")) refuse(from, "a class by name; write \\p{...}");
      if (take("[")) {
        char_class(scope, from, depth + 1);
      } else if (take("-")) {
        if ((!first && !is_next("]")) || is_next("-"))
          refuse(from, "a - within a class; write \\- for the character");
        out_ += escaped('-');
        last_letter_ = 0;
      } else if (is_next("\\")) {
        const Escape found = escape(scope);
        if (found.character) {
          class_range(scope, *found.character, from);
        } else if (found.in_class.empty()) {
          refuse(from, "it excludes characters from within a class");
        } else {
          out_ += found.in_class;
        }
      } else {
        class_range(scope, take_character(), from);
      }
    }
    if (items > 1) last_letter_ = 0;
  }

  // Translates a character of a class, or the range that it begins.
  void class_range(const Scope& scope, char32_t low, size_t from) {
    char32_t high = low;
    if (is_next("-") && !is_next("-]")) {
      ++at_;
      if (ended() || is_next("[") || is_next("-")) refuse(from, "a range without an end");
      if (is_next("\\")) {
        const Escape end = escape(scope);
        if (!end.character) refuse(from, "a range that ends in a class");
        high = *end.character;
      } else {
        high = take_character();
      }
      if (high < low) refuse(from, "a range that ends before its beginning");
    }
    if (scope.ignores_case && high >= 0x80) refuse(from, "under (?i) only ASCII letters are");
    out_ += escaped(low);
    if (high != low) out_ += "-" + escaped(high);
    last_letter_ = high == low ? low : 0;
  }

  const std::string& text_;
  const std::string& where_;
  size_t at_ = 0;
  std::string out_;
  char32_t last_letter_ = 0;  // the character that was written last, 0 after another part
};

}  // namespace

std::string pcre2_of(const std::string& expression, const std::string& where) {
  return Translator(expression, where).all();
}

std::string pcre2_literal(const std::string& text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    result += escaped(c.value);
    at += c.bytes;
  }
  return result;
}

}  // namespace lea::lm
