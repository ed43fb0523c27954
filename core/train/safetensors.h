// Hugging Face's safetensors format: u64 header length, a JSON header, raw little-endian tensors.
// No code can hide in it, and every size is checked against the file before use.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/api/types.h"

namespace lea::train {

// Dense tensors of float32, float64, int32, int64, uint8 or bool. Names sorted; the same tensors
// give the same bytes.
std::string encode_safetensors(const std::map<std::string, Tensor>& tensors);

// CPU tensors with their own memory. Throws DataError, naming `where`, for anything malformed.
std::map<std::string, Tensor> decode_safetensors(std::string_view bytes, const std::string& where);

}  // namespace lea::train
