// Reads and writes small safetensors files: an adapter's matrices, and heads trained with it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "core/lm/export.h"

namespace lea::lm {

// Writes float32, float16 or bfloat16 tensors, sorted by name. The same tensors give the same
// bytes. Throws StoreError if the file cannot be written; an existing file then stays as it was.
LEA_LM_API void save_tensors(const std::string& path,
                             const std::map<std::string, at::Tensor>& tensors);

// Returns CPU tensors with their own memory. Throws DataError for a missing or damaged file, for
// another dtype, and for values that are not finite.
LEA_LM_API std::map<std::string, at::Tensor> load_tensors(const std::string& path);

}  // namespace lea::lm
