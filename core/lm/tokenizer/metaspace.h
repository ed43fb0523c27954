// Metaspace, which writes spaces as a visible mark (U+2581). The pre-tokenizer and the decoder of
// this name have the same fields.
#pragma once

#include <string>

#include "core/base/json_field.h"

namespace lea::lm {

struct Metaspace {
  std::string mark;    // one character
  std::string scheme;  // when a mark is put before a text: first, always or never
  bool split = true;   // the pre-tokenizer cuts before each mark
};

// Throws DataError for fields that the reference refuses, too.
Metaspace read_metaspace(const JsonFields& fields);

}  // namespace lea::lm
