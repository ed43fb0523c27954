#include "core/lm/tokenizer/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "core/base/error.h"

namespace lea::lm {

void require_utf8(std::string_view text, const std::string& where) {
  const auto length = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at < length;) {
    const int64_t start = at;
    UChar32 c = 0;
    U8_NEXT(text.data(), at, length, c);
    if (c >= 0) continue;
    throw DataError(where + ": byte " + std::to_string(start) +
                    " is not valid UTF-8. Convert the text to UTF-8 first.");
  }
}

CodePoint code_point_at(std::string_view text, size_t at) {
  UChar32 c = 0;
  size_t next = at;
  U8_NEXT_UNSAFE(text.data(), next, c);
  return {static_cast<char32_t>(c), next - at};
}

std::string utf8_of(char32_t code_point) {
  char bytes[U8_MAX_LENGTH];
  size_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, code_point);
  return {bytes, length};
}

std::string valid_utf8(std::string_view bytes) {
  const auto length = static_cast<int64_t>(bytes.size());
  std::string text;
  for (int64_t at = 0; at < length;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes.data(), at, length, c);
    text += utf8_of(static_cast<char32_t>(c));
  }
  return text;
}

bool is_white_space(char32_t c) {
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_WHITE_SPACE);
}

bool is_number(char32_t c) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & (U_GC_ND_MASK | U_GC_NL_MASK | U_GC_NO_MASK)) !=
         0;
}

bool is_word(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  return u_hasBinaryProperty(point, UCHAR_ALPHABETIC) ||
         u_hasBinaryProperty(point, UCHAR_JOIN_CONTROL) ||
         (U_GET_GC_MASK(point) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

std::string normalized(std::string_view text, Form form) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = nullptr;
  switch (form) {
    case Form::kNfc:
      normalizer = icu::Normalizer2::getNFCInstance(error);
      break;
    case Form::kNfd:
      normalizer = icu::Normalizer2::getNFDInstance(error);
      break;
    case Form::kNfkc:
      normalizer = icu::Normalizer2::getNFKCInstance(error);
      break;
    case Form::kNfkd:
      normalizer = icu::Normalizer2::getNFKDInstance(error);
      break;
  }
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  if (U_SUCCESS(error)) {
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())),
                              sink, nullptr, error);
  }
  if (U_FAILURE(error))
    throw Error(Exit::kEnvironment, std::string("ICU cannot normalise: ") + u_errorName(error));
  return result;
}

std::string lower_case(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    at += c.bytes;
    if (c.value == 0x130) {  // the only character with a lower case of two
      result += "i" + utf8_of(0x307);
    } else {
      result += utf8_of(static_cast<char32_t>(u_tolower(static_cast<UChar32>(c.value))));
    }
  }
  return result;
}

}  // namespace lea::lm
