// Tensors to and from the safetensors format of Hugging Face (core/base/safetensors.h). Such a file
// cannot contain code, and every size in it is checked against the file before use.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/api/types.h"

namespace lea::train {

// Takes tensors of float32, float64, int32, int64, uint8 or bool. Equal tensors give equal bytes.
std::string encode_safetensors(const std::map<std::string, Tensor>& tensors);

// Returns tensors on the CPU that own their memory. Throws DataError for a malformed file; `where`
// begins the message.
std::map<std::string, Tensor> decode_safetensors(std::string_view bytes, const std::string& where);

}  // namespace lea::train
