// tokenizer.json, as Hugging Face's `tokenizers` library reads it.
#pragma once

#include <memory>
#include <string>

#include "core/lm/tokenizer/pipeline.h"

namespace lea::lm {

// Null when the folder has no such file. Throws DataError for a damaged one and for what is not
// supported, by name.
std::unique_ptr<Pipeline> read_tokenizer_json(const std::string& folder);

}  // namespace lea::lm
