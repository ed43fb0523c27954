// The header of Hugging Face's safetensors format: u64 header length, a JSON header, raw
// little-endian tensors. No code can hide in it, and every size is checked against the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;            // F32, BF16, I64 ..., one of those below
  std::vector<int64_t> shape;   // row-major; empty for a scalar
  uint64_t begin = 0, end = 0;  // bytes from the start of the file
};

// A tensor to be written; `bytes` are its elements, row-major.
struct SafetensorsPart {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// The bytes of a file. Parts in the order of their names; the same parts give the same bytes.
std::string encode_safetensors(const std::vector<SafetensorsPart>& parts);

// Bytes of one element: F64 I64 U64 8, F32 I32 U32 4, F16 BF16 I16 U16 2, the F8 kinds I8 U8 BOOL
// 1; 0 for a dtype that the format does not have.
uint64_t safetensors_element_bytes(const std::string& dtype);

// The tensors of a file of `size` bytes, in the order of their bytes; together they fill the file,
// none shares a byte with another. `start` holds the file's first bytes: all of the header at
// least. Throws DataError "WHERE: not a valid safetensors file: ..." for anything else.
std::vector<SafetensorsEntry> parse_safetensors(std::string_view start, uint64_t size,
                                                const std::string& where);

}  // namespace lea
