// What `lealab lm show` tells of a Hugging Face folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lea::worker {

// family, layers ... of the config; parameters, dtypes, files, bytes of the weights; the
// tokenizer's size; memory by dtype; and `refused`: why each part that cannot be used is refused,
// in the words of the error that using it would give. What can be told of the others is told.
nlohmann::ordered_json show_model(const std::string& folder);

}  // namespace lea::worker
