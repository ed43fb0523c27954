// Opens a Hugging Face folder and checks that its parts fit together. No weight is read yet.
#pragma once

#include <cstdint>
#include <string>

#include "core/lm/config.h"
#include "core/lm/export.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "core/lm/weights.h"

namespace lea::lm {

struct ModelFolder {
  Config config;
  Tokenizer tokenizer;
  Weights weights;
};

// Throws DataError for a file that is missing, damaged or not supported, and for a tokenizer with
// ids beyond the model's vocabulary, unless only added tokens have them. Then the tokenizer of the
// result refuses a text that has such a token.
LEA_LM_API ModelFolder open_model(const std::string& folder);

// Throws DataError for a tokenizer with ids beyond the model's vocabulary, unless only added tokens
// have them. `folder` is that of both, for the message.
LEA_LM_API void require_vocabulary(const std::string& folder, const Tokenizer& tokenizer,
                                   const Config& config);

// The id of the token that begins a text (bos), -1 when the model has none. It is the token that
// special_tokens_map.json or tokenizer_config.json names, of which null says that there is none;
// when neither names it, bos_token_id of config.json. Throws DataError for a token that the
// tokenizer does not have.
LEA_LM_API int64_t begin_token(const std::string& folder, const Tokenizer& tokenizer);

}  // namespace lea::lm
