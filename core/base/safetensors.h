// Writes files in Hugging Face's safetensors format, and reads their headers: a u64 header length,
// a JSON header, raw little-endian tensors. The format cannot hold code, and every size is checked
// against the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;            // F32, BF16, I64 ...: see safetensors_element_bytes
  std::vector<int64_t> shape;   // row-major; empty for a scalar
  uint64_t begin = 0, end = 0;  // bytes from the start of the file
};

// A tensor to write; `bytes` are its elements, row-major.
struct SafetensorsPart {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// What stands before the data of a file with these tensors: the length of the header and the header.
// Reads all but their bytes.
std::string safetensors_header(const std::vector<SafetensorsPart>& parts);

// The content of a file. The data is in the order of `parts`; equal parts give equal bytes.
std::string encode_safetensors(const std::vector<SafetensorsPart>& parts);

// Bytes of one element of a dtype; 0 for a dtype that the format does not have.
//   8  F64 I64 U64
//   4  F32 I32 U32
//   2  F16 BF16 I16 U16
//   1  F8_E4M3 F8_E5M2 I8 U8 BOOL
uint64_t safetensors_element_bytes(const std::string& dtype);

// The tensors of a file of `size` bytes, in the order of their bytes. `start` holds the first bytes
// of the file, at least its whole header. Throws DataError "WHERE: not a valid safetensors file:
// ..." when the header is damaged, or the tensors overlap or do not fill the file.
std::vector<SafetensorsEntry> parse_safetensors(std::string_view start, uint64_t size,
                                                const std::string& where);

}  // namespace lea
