// Small safetensors files of our own beside an adapter: its matrices, and heads trained with it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "core/lm/export.h"

namespace lea::lm {

// Contiguous copies of float32, float16 or bfloat16 tensors, sorted by name; the same tensors give
// the same bytes. Throws StoreError, and then leaves what was there.
LEA_LM_API void save_tensors(const std::string& path,
                             const std::map<std::string, at::Tensor>& tensors);

// CPU tensors with their own memory. Throws DataError for a missing or damaged file, another
// dtype, and values that are not finite.
LEA_LM_API std::map<std::string, at::Tensor> load_tensors(const std::string& path);

}  // namespace lea::lm
