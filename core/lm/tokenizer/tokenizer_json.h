// Tokenizer for a folder with tokenizer.json; gives the ids and texts of Hugging Face's `tokenizers`
// library.
#pragma once

#include <memory>
#include <string>

#include "core/lm/tokenizer/pipeline.h"

namespace lea::lm {

// Returns null if the folder has no such file. Throws DataError for a damaged file and for a
// feature that is not supported, which the message names.
std::unique_ptr<Pipeline> read_tokenizer_json(const std::string& folder);

}  // namespace lea::lm
