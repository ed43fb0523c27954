// The facts about a Hugging Face folder that `lealab lm show` prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lea::worker {

// Returns an object with these keys; those of a part that cannot be read are missing:
//
//   folder
//   family, layers, width ...          from config.json
//   parameters, dtypes, files, bytes   of the weights
//   tokenizer                          the size of its vocabulary
//   memory                             by dtype: {inference, training}, each {mapped, copied,
//                                      working} in bytes
//   refused                            for each part that cannot be used, the message of the error
//                                      that using it would throw; empty when the model can be used
//
// Throws DataError when there is no such folder.
nlohmann::ordered_json show_model(const std::string& folder);

}  // namespace lea::worker
