#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/lm/tokenizer/pattern.h"

#include <pcre2.h>

#include "core/spec/error.h"
#include "core/spec/text.h"

namespace lea::lm {
namespace {

// PCRE2 counts U+180E as white space, which Unicode has not done since version 6.3.
constexpr const char* kSpaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

std::string with_unicode_spaces(const std::string& expression, const std::string& where) {
  std::string text;
  bool in_class = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c != '\\' || i + 1 == expression.size()) {
      if (c == '[' && !in_class) {
        in_class = true;
      } else if (c == ']') {
        in_class = false;
      } else if (in_class && (c == '[' || (c == '&' && expression[i + 1] == '&'))) {
        // Oniguruma nests and intersects classes; PCRE2 would take it for something else.
        throw DataError(where +
                        ": nested character classes are not supported: " + printable(expression));
      }
      text += c;
      continue;
    }
    const char kind = expression[++i];
    if (kind == 's') {
      text += in_class ? kSpaces : "[" + std::string(kSpaces) + "]";
    } else if (kind == 'S') {
      if (in_class)
        throw DataError(where + ": \\S in a class is not supported: " + printable(expression));
      text += "[^" + std::string(kSpaces) + "]";
    } else {
      text += c;
      text += kind;
    }
  }
  return text;
}

}  // namespace

struct Pattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

Pattern::Pattern(const std::string& expression, const std::string& where) {
  const std::string text = with_unicode_spaces(expression, where);
  const auto code = std::make_shared<Code>();
  int error = 0;
  PCRE2_SIZE at = 0;
  // The text is checked once, before it comes here.
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &at, nullptr);
  if (!code->code) {
    PCRE2_UCHAR reason[256];
    pcre2_get_error_message(error, reason, sizeof reason);
    throw DataError(where + ": not a regular expression: " + reinterpret_cast<const char*>(reason) +
                    ": " + printable(expression));
  }
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);  // without it matching is only slower
  code_ = code;
}

Pattern Pattern::literal(const std::string& text, const std::string& where) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.[]|()?*+{}-#&~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return {escaped, where};
}

Pattern Pattern::of(const JsonFields& stated) {
  return stated.has("Regex") ? Pattern(stated.text("Regex"), stated.where())
                             : literal(stated.text("String"), stated.where());
}

bool Pattern::is_whole(std::string_view text) const {
  bool whole = false;
  for_each(text, [&](std::string_view part, bool is_match) {
    whole = is_match && part.size() == text.size();
  });
  return whole;
}

void Pattern::for_each(std::string_view text,
                       const std::function<void(std::string_view, bool)>& tell) const {
  using Match = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;
  const Match match(pcre2_match_data_create_from_pattern(code_->code, nullptr),
                    pcre2_match_data_free);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t told = 0, from = 0;
  while (from < text.size()) {
    const int count = pcre2_match(code_->code, subject, text.size(), from, PCRE2_NO_UTF_CHECK,
                                  match.get(), nullptr);
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      PCRE2_UCHAR reason[256];
      pcre2_get_error_message(count, reason, sizeof reason);
      throw DataError(std::string("the text cannot be split: ") +
                      reinterpret_cast<const char*>(reason));
    }
    const PCRE2_SIZE* place = pcre2_get_ovector_pointer(match.get());
    const size_t begin = place[0], end = place[1];
    if (end <= begin) {  // an empty match splits nothing: look on behind the next character
      from = begin + 1;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
      continue;
    }
    if (begin > told) tell(text.substr(told, begin - told), false);
    tell(text.substr(begin, end - begin), true);
    told = from = end;
  }
  if (told < text.size()) tell(text.substr(told), false);
}

}  // namespace lea::lm
