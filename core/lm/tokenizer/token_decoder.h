// `decoder` of tokenizer.json: converts tokens to text.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

// The text is what the tokens that come back are together.
using TokenDecoder = std::function<std::vector<std::string>(std::vector<std::string> tokens)>;

// For null the tokens are separated by spaces. Throws DataError for a kind that is not known.
TokenDecoder make_token_decoder(const nlohmann::json& document, const std::string& where);

// Removes the space before English punctuation and contractions, as transformers does for
// clean_up_tokenization_spaces.
std::string without_spaces_before_punctuation(std::string text);

}  // namespace lea::lm
