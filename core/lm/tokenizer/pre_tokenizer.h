// `pre_tokenizer` of tokenizer.json: a text to the pieces that the model tokenizes one by one.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

// `at_start`: the section is the beginning of the whole text, which Metaspace asks for.
using PreTokenizer =
    std::function<std::vector<std::string>(std::vector<std::string> pieces, bool at_start)>;

// Null gives the pieces as they are. Throws DataError for a kind that is not supported.
PreTokenizer make_pre_tokenizer(const nlohmann::json& document, const std::string& where);

}  // namespace lea::lm
