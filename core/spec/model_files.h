// The folder of a language model that a parameter of a spec names, and the sum of what it holds.
#pragma once

#include <string>

namespace lea::spec {

// The folder that `value` means: the entry of this name in the folder `models` ("" for none), when
// `value` has no `/` and there is such an entry; otherwise the path `value`, which starts at the
// folder `from` when it is relative. Absolute, when `from` and `models` are. Throws ConfigError
// when there is no such folder; the message lists the entries of `models`.
std::string find_model(const std::string& value, const std::string& from,
                       const std::string& models);

// The sha256 (hex) of "lea-model 1", a newline, and the canonical JSON of {name: sha256} of the
// files that decide what the model computes, whichever of them the folder has:
//   config.json, generation_config.json, model.safetensors.index.json, *.safetensors,
//   tokenizer.json, tokenizer_config.json, special_tokens_map.json, added_tokens.json,
//   tokenizer.model
// So it does not depend on where the folder lies. The sums of files are cached
// (core/base/cached_sum.h). Throws DataError when the folder is missing, lacks config.json or
// weights, or holds a Git LFS pointer in the place of a file, and StoreError when a file cannot
// be read.
std::string model_sum(const std::string& folder);

// Throws as model_sum does, and reads no file but the first bytes of small ones.
void require_model(const std::string& folder);

}  // namespace lea::spec
