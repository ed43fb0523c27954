// `normalizer` of tokenizer.json: changes a text before it is cut and tokenized.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

using Normalizer = std::function<std::string(std::string)>;

// For null the normalizer changes nothing. Throws DataError for a kind that is not supported.
Normalizer make_normalizer(const nlohmann::json& document, const std::string& where);

}  // namespace lea::lm
