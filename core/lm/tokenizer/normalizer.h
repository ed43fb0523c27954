// `normalizer` of tokenizer.json: a text to the text that is looked up.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

using Normalizer = std::function<std::string(std::string)>;

// Null gives the text as it is. Throws DataError for a kind that is not supported.
Normalizer make_normalizer(const nlohmann::json& document, const std::string& where);

}  // namespace lea::lm
