#include "core/api/tensor_file.h"

#include <ATen/ATen.h>

#include <array>
#include <cstring>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"

namespace lea {
namespace {

struct NamedType {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<NamedType, 6> kTypes = {{{"F32", at::kFloat},
                                              {"F64", at::kDouble},
                                              {"I32", at::kInt},
                                              {"I64", at::kLong},
                                              {"U8", at::kByte},
                                              {"BOOL", at::kBool}}};

const NamedType* find_type(const std::string& name) {
  for (const NamedType& type : kTypes) {
    if (name == type.name) return &type;
  }
  return nullptr;
}

const char* name_of(at::ScalarType type) {
  for (const NamedType& known : kTypes) {
    if (known.type == type) return known.name;
  }
  throw Error(Exit::kInternal,
              std::string("safetensors: no name for dtype ") + c10::toString(type));
}

}  // namespace

std::string encode_safetensors(const std::map<std::string, Tensor>& tensors) {
  std::vector<Tensor> dense;
  std::vector<SafetensorsPart> parts;
  for (const auto& [name, tensor] : tensors) {
    dense.push_back(tensor.detach().to(at::kCPU).contiguous());
    parts.push_back(
        {name,
         name_of(tensor.scalar_type()),
         tensor.sizes().vec(),
         {static_cast<const char*>(dense.back().const_data_ptr()), dense.back().nbytes()}});
  }
  return encode_safetensors(parts);
}

std::map<std::string, Tensor> decode_safetensors(std::string_view bytes, const std::string& where) {
  std::map<std::string, Tensor> tensors;
  for (const SafetensorsEntry& entry : parse_safetensors(bytes, bytes.size(), where)) {
    const NamedType* type = find_type(entry.dtype);
    if (!type)
      throw DataError(where + ": not a valid safetensors file: unsupported dtype " + entry.dtype);
    Tensor tensor = at::empty(entry.shape, type->type);
    std::memcpy(tensor.mutable_data_ptr(), bytes.data() + entry.begin, entry.end - entry.begin);
    tensors[entry.name] = tensor;
  }
  return tensors;
}

void write_tensors(const std::string& path, const std::map<std::string, Tensor>& tensors) {
  publish_file(path, encode_safetensors(tensors));
}

std::map<std::string, Tensor> read_tensors(const std::string& path) {
  return decode_safetensors(read_file(path), printable(path));
}

Tensor tensor_of(const std::map<std::string, Tensor>& tensors, const std::string& name,
                 at::ScalarType type, const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end())
    throw DataError(printable(where) + ": has no tensor " + in_backticks(name));
  if (found->second.scalar_type() != type)
    throw DataError(printable(where) + ": the tensor " + in_backticks(name) + " must be " +
                    name_of(type) + ", but is " + name_of(found->second.scalar_type()));
  return found->second;
}

}  // namespace lea
