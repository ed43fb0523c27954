#include "core/base/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"

namespace lea {
namespace {

using nlohmann::json;

constexpr uint64_t kHeaderLimit = 100'000'000;  // the limit of the reference implementation
constexpr size_t kShapeLimit = 16;

constexpr std::array<std::pair<const char*, uint64_t>, 15> kTypes = {{{"F64", 8},
                                                                      {"I64", 8},
                                                                      {"U64", 8},
                                                                      {"F32", 4},
                                                                      {"I32", 4},
                                                                      {"U32", 4},
                                                                      {"F16", 2},
                                                                      {"BF16", 2},
                                                                      {"I16", 2},
                                                                      {"U16", 2},
                                                                      {"F8_E4M3", 1},
                                                                      {"F8_E5M2", 1},
                                                                      {"I8", 1},
                                                                      {"U8", 1},
                                                                      {"BOOL", 1}}};

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw DataError(where + ": not a valid safetensors file: " + why);
}

uint64_t unsigned_of(const json& value, const std::string& where) {
  if (!value.is_number_unsigned()) refuse(where, "a shape or offset is not a non-negative integer");
  return value.get<uint64_t>();
}

// `data` is the offset of the first tensor, `room` the number of bytes of all tensors.
SafetensorsEntry entry_of(const std::string& name, const json& value, uint64_t data, uint64_t room,
                          const std::string& where) {
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
      !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
      !value["data_offsets"].is_array() || value["data_offsets"].size() != 2) {
    refuse(where, "an entry lacks dtype, shape or data_offsets");
  }
  SafetensorsEntry entry;
  entry.name = name;
  entry.dtype = value["dtype"].get<std::string>();
  uint64_t bytes = safetensors_element_bytes(entry.dtype);
  if (bytes == 0) refuse(where, "unknown dtype " + printable(entry.dtype));
  if (value["shape"].size() > kShapeLimit) refuse(where, "a shape has too many dimensions");
  for (const json& size : value["shape"]) {
    const uint64_t n = unsigned_of(size, where);
    if (__builtin_mul_overflow(bytes, n, &bytes) || n > uint64_t{INT64_MAX})
      refuse(where, "a shape exceeds any file");
    entry.shape.push_back(static_cast<int64_t>(n));
  }
  const uint64_t begin = unsigned_of(value["data_offsets"][0], where);
  const uint64_t end = unsigned_of(value["data_offsets"][1], where);
  if (begin > end || end - begin != bytes) refuse(where, "offsets and shape disagree");
  if (end > room) {
    refuse(where, "it ends after " + std::to_string(data + room) + " bytes, but its tensors need " +
                      std::to_string(data + end) + ": it was cut. Fetch it again");
  }
  entry.begin = data + begin;
  entry.end = data + end;
  return entry;
}

}  // namespace

std::string safetensors_header(const std::vector<SafetensorsPart>& parts) {
  json header = json::object();
  uint64_t offset = 0;
  for (const SafetensorsPart& part : parts) {
    uint64_t size = safetensors_element_bytes(part.dtype);
    for (const int64_t n : part.shape) size *= static_cast<uint64_t>(n);
    header[part.name] = {
        {"dtype", part.dtype}, {"shape", part.shape}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format aligns the data to 8 bytes
  const uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  return bytes += text;
}

std::string encode_safetensors(const std::vector<SafetensorsPart>& parts) {
  std::string bytes = safetensors_header(parts);
  size_t size = bytes.size();
  for (const SafetensorsPart& part : parts) size += part.bytes.size();
  bytes.reserve(size);
  for (const SafetensorsPart& part : parts) bytes += part.bytes;
  return bytes;
}

uint64_t safetensors_element_bytes(const std::string& dtype) {
  for (const auto& [name, bytes] : kTypes) {
    if (dtype == name) return bytes;
  }
  return 0;
}

std::vector<SafetensorsEntry> parse_safetensors(std::string_view start, uint64_t size,
                                                const std::string& where) {
  uint64_t length = 0;
  if (start.size() < sizeof(length)) refuse(where, "shorter than its 8-byte header length");
  std::memcpy(&length, start.data(), sizeof(length));
  if (length > kHeaderLimit || length > size - sizeof(length) ||
      length > start.size() - sizeof(length))
    refuse(where, "header longer than the file");
  json header;
  try {
    header =
        parse_json(std::string(start.substr(sizeof(length), length)), where, json_memory(length));
  } catch (const DataError&) {
    // The check below reports this with the message of this format.
  }
  if (!header.is_object()) refuse(where, "the header is not a JSON object");
  const uint64_t data = sizeof(length) + length;
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") entries.push_back(entry_of(name, value, data, size - data, where));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t at = data;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != at) refuse(where, "tensors overlap, or bytes belong to none");
    at = entry.end;
  }
  if (at != size) refuse(where, "tensors overlap, or bytes belong to none");
  return entries;
}

}  // namespace lea
