// Tensors to and from the safetensors format of Hugging Face (core/base/safetensors.h). Such a file
// cannot contain code, and every size in it is checked against the file before use.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/api/types.h"

namespace lea {

// Takes tensors of float32, float64, int32, int64, uint8 or bool. Equal tensors give equal bytes.
LEA_API std::string encode_safetensors(const std::map<std::string, Tensor>& tensors);

// Returns tensors on the CPU that own their memory. Throws DataError for a malformed file; `where`
// begins the message.
LEA_API std::map<std::string, Tensor> decode_safetensors(std::string_view bytes,
                                                         const std::string& where);

// Writes a file that reaches its name whole. Throws StoreError.
LEA_API void write_tensors(const std::string& path, const std::map<std::string, Tensor>& tensors);

// Throws StoreError for a file that is missing or cannot be read, and DataError for a malformed one.
LEA_API std::map<std::string, Tensor> read_tensors(const std::string& path);

// The tensor `name` of such a file. Throws DataError when it is missing, or has another type.
LEA_API Tensor tensor_of(const std::map<std::string, Tensor>& tensors, const std::string& name,
                         at::ScalarType type, const std::string& where);

}  // namespace lea
