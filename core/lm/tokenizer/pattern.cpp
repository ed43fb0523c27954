#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/lm/tokenizer/pattern.h"

#include <pcre2.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/oniguruma.h"

namespace lea::lm {

namespace {

// Enough for a repeat of groups over a megabyte of text. Most patterns need none of it.
constexpr size_t kMostStack = size_t{256} << 20;

struct Free {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

// A larger stack for compiled expressions, which start with one of 32 kB.
struct Stack {
  std::unique_ptr<pcre2_jit_stack, Free> memory;
  std::unique_ptr<pcre2_match_context, Free> context;

  void grow() {
    memory.reset(pcre2_jit_stack_create(size_t{1} << 20, kMostStack, nullptr));
    context.reset(pcre2_match_context_create(nullptr));
    pcre2_jit_stack_assign(context.get(), nullptr, memory.get());
  }
};

}  // namespace

struct Pattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

Pattern::Pattern(const std::string& expression, const std::string& where) {
  const auto code = std::make_shared<Code>();
  int error = 0;
  PCRE2_SIZE at = 0;
  // Texts are checked to be UTF-8 before they are matched, so PCRE2 need not do it again.
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &at, nullptr);
  if (!code->code) {
    PCRE2_UCHAR reason[256];
    pcre2_get_error_message(error, reason, sizeof reason);
    throw DataError(where + ": not a regular expression: " + reinterpret_cast<const char*>(reason) +
                    ": " + printable(expression));
  }
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);  // if it fails, matching is only slower
  code_ = code;
}

Pattern Pattern::of(const JsonFields& stated) {
  const std::string& where = stated.where();
  return stated.has("Regex") ? Pattern(pcre2_of(stated.text("Regex"), where), where)
                             : Pattern(pcre2_literal(stated.text("String")), where);
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
  const std::unique_ptr<pcre2_match_data, Free> match(
      pcre2_match_data_create_from_pattern(code_->code, nullptr));
  Stack stack;
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t told = 0;
  bool matched = false;
  for (size_t from = 0; from <= text.size() && !text.empty();) {
    const auto run = [&] {
      return pcre2_match(code_->code, subject, text.size(), from, PCRE2_NO_UTF_CHECK, match.get(),
                         stack.context.get());
    };
    int count = run();
    if (count == PCRE2_ERROR_JIT_STACKLIMIT && !stack.context) {
      stack.grow();
      count = run();
    }
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      PCRE2_UCHAR reason[256];
      pcre2_get_error_message(count, reason, sizeof reason);
      throw DataError(std::string("the text cannot be split: ") +
                      reinterpret_cast<const char*>(reason));
    }
    const PCRE2_SIZE* place = pcre2_get_ovector_pointer(match.get());
    const size_t begin = place[0], end = place[1];
    if (begin == end && matched && end == told) {  // continue behind the next character
      from = end + 1;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
      continue;
    }
    if (begin > told) tell(text.substr(told, begin - told), false);
    tell(text.substr(begin, end - begin), true);
    told = from = end;
    matched = true;
  }
  if (told < text.size()) tell(text.substr(told), false);
}

}  // namespace lea::lm
