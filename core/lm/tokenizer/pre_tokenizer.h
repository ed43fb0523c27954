// `pre_tokenizer` of tokenizer.json: cuts a text into pieces that the model tokenizes one by one.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

// `at_start`: the first piece is the beginning of the whole text. Metaspace needs to know this.
using PreTokenizer =
    std::function<std::vector<std::string>(std::vector<std::string> pieces, bool at_start)>;

// For null the pieces stay as they are. Throws DataError for a kind that is not supported.
PreTokenizer make_pre_tokenizer(const nlohmann::json& document, const std::string& where);

}  // namespace lea::lm
