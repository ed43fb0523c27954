// Opens a Hugging Face folder and checks that its parts fit together. No weight is read yet.
#pragma once

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
// ids beyond the model's vocabulary.
LEA_LM_API ModelFolder open_model(const std::string& folder);

}  // namespace lea::lm
