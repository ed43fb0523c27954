#include "core/train/safetensors.h"

#include <ATen/ATen.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/spec/error.h"

namespace lea::train {
namespace {

struct Type {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<Type, 6> kTypes = {{{"F32", at::kFloat},
                                         {"F64", at::kDouble},
                                         {"I32", at::kInt},
                                         {"I64", at::kLong},
                                         {"U8", at::kByte},
                                         {"BOOL", at::kBool}}};
constexpr uint64_t kHeaderLimit = 100'000'000;

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw DataError(where + ": not a valid safetensors file: " + why);
}

const Type* find_type(const std::string& name) {
  for (const Type& type : kTypes) {
    if (name == type.name) return &type;
  }
  return nullptr;
}

const char* name_of(at::ScalarType type) {
  for (const Type& known : kTypes) {
    if (known.type == type) return known.name;
  }
  throw Error(Exit::kInternal,
              std::string("safetensors: no name for dtype ") + c10::toString(type));
}

// A non-negative integer of the header, or refuse.
uint64_t unsigned_of(const nlohmann::json& value, const std::string& where) {
  if (!value.is_number_unsigned()) refuse(where, "a shape or offset is not a non-negative integer");
  return value.get<uint64_t>();
}

Tensor tensor_of(const nlohmann::json& entry, std::string_view data, const std::string& where) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
      !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
      !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) {
    refuse(where, "an entry lacks dtype, shape or data_offsets");
  }
  const Type* type = find_type(entry["dtype"].get<std::string>());
  if (!type) refuse(where, "unsupported dtype " + entry["dtype"].get<std::string>());
  uint64_t bytes = c10::elementSize(type->type);
  std::vector<int64_t> shape;
  for (const auto& size : entry["shape"]) {
    const uint64_t n = unsigned_of(size, where);
    if (__builtin_mul_overflow(bytes, n, &bytes) || bytes > data.size())
      refuse(where, "a shape exceeds the file");
    shape.push_back(static_cast<int64_t>(n));
  }
  const uint64_t begin = unsigned_of(entry["data_offsets"][0], where);
  const uint64_t end = unsigned_of(entry["data_offsets"][1], where);
  if (begin > end || end > data.size() || end - begin != bytes)
    refuse(where, "offsets and shape disagree");
  Tensor tensor = at::empty(shape, type->type);
  std::memcpy(tensor.mutable_data_ptr(), data.data() + begin, bytes);
  return tensor;
}

}  // namespace

std::string encode_safetensors(const std::map<std::string, Tensor>& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::vector<Tensor> dense;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    dense.push_back(tensor.detach().to(at::kCPU).contiguous());
    const uint64_t bytes = dense.back().nbytes();
    header[name] = {{"dtype", name_of(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format aligns the data to 8 bytes
  const uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes.reserve(bytes.size() + length + offset);
  bytes += text;
  for (const Tensor& tensor : dense)
    bytes.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  return bytes;
}

std::map<std::string, Tensor> decode_safetensors(std::string_view bytes, const std::string& where) {
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) refuse(where, "shorter than its 8-byte header length");
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > kHeaderLimit || length > bytes.size() - sizeof(length))
    refuse(where, "header longer than the file");
  const auto header = nlohmann::json::parse(bytes.substr(sizeof(length), length), nullptr,
                                            /*allow_exceptions=*/false);
  if (!header.is_object()) refuse(where, "the header is not a JSON object");
  const std::string_view data = bytes.substr(sizeof(length) + length);
  std::map<std::string, Tensor> tensors;
  uint64_t covered = 0;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    tensors[name] = tensor_of(entry, data, where);
    covered += tensors[name].nbytes();
  }
  if (covered != data.size()) refuse(where, "tensors overlap, or bytes belong to none");
  return tensors;
}

}  // namespace lea::train
