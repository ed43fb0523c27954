// The files beside a tokenizer that name its special tokens.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/json_field.h"

namespace lea::lm {

// tokenizer_config.json, special_tokens_map.json and added_tokens.json of a folder; an empty object
// for a file that is missing. Throws DataError for a damaged one.
struct Beside {
  explicit Beside(const std::string& folder);
  std::string config_path, names_path, added_path;
  nlohmann::json config, names, added;
};

// A special token that a file names.
struct Named {
  std::string content, where;
};

// The token that the folder names by `key`, such as "bos_token". special_tokens_map.json is used
// rather than tokenizer_config.json. Empty if the value is null, and `otherwise` if neither file
// has the key.
std::optional<Named> named(const Beside& beside, const char* key,
                           const std::optional<std::string>& otherwise);

}  // namespace lea::lm
