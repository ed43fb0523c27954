#include "core/base/records.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr std::string_view kBegin = "{\"";  // of each line
constexpr std::string_view kMark = ",\"crc32\":\"";

std::string checksum(std::string_view text) {
  char hex[9];
  std::snprintf(
      hex, sizeof(hex), "%08lx",
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  return hex;
}

// Empty for a line with a wrong checksum.
std::optional<nlohmann::json> record_of(const std::string& line) {
  const size_t mark = line.rfind(kMark);
  if (mark == std::string::npos ||
      line.substr(mark) != std::string(kMark) + checksum(line.substr(0, mark)) + "\"}")
    return std::nullopt;
  auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return std::nullopt;
  record.erase("crc32");
  return record;
}

// The stream is not open when the path names no plain file, because a FIFO may never end.
std::ifstream open_records(const std::string& path, std::ios::openmode mode = {}) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  return std::ifstream(path, std::ios::binary | mode);
}

}  // namespace

uint64_t append_record(const std::string& path, const nlohmann::json& record) {
  std::string line = record.dump();
  line.pop_back();  // the closing brace comes after the checksum
  line += std::string(kMark) + checksum(line) + "\"}\n";
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "ab"), std::fclose);
  if (!file || std::fwrite(line.data(), 1, line.size(), file.get()) != line.size() ||
      std::fflush(file.get()) != 0) {
    throw StoreError(path + ": cannot append: " + std::strerror(errno) +
                     ". Free some space or check the folder's rights");
  }
  return static_cast<uint64_t>(std::ftell(file.get()));
}

std::vector<nlohmann::json> read_records(const std::string& path) {
  std::vector<nlohmann::json> records;
  std::ifstream file = open_records(path);
  for (std::string line; std::getline(file, line);) {
    auto record = record_of(line);
    if (!record) break;
    records.push_back(*std::move(record));
  }
  return records;
}

std::vector<nlohmann::json> read_whole_records(const std::string& path) {
  std::vector<nlohmann::json> records;
  std::ifstream file = open_records(path);
  for (std::string line; std::getline(file, line);) {
    auto record = record_of(line);
    if (!record) {
      const bool cut = file.eof() && kBegin.starts_with(std::string_view(line).substr(0, 2));
      if (cut) break;
      throw DataError(
          printable(path) + ": line " + std::to_string(records.size() + 1) +
          ": is damaged: it is no record with its checksum. Restore the file from a copy.");
    }
    records.push_back(*std::move(record));
  }
  return records;
}

std::vector<nlohmann::json> read_sound_records(const std::string& path) {
  std::vector<nlohmann::json> records;
  std::ifstream file = open_records(path);
  for (std::string line; std::getline(file, line);) {
    if (auto record = record_of(line)) records.push_back(*std::move(record));
  }
  return records;
}

std::vector<nlohmann::json> read_new_records(const std::string& path, uint64_t* offset) {
  std::vector<nlohmann::json> records;
  std::ifstream file = open_records(path);
  file.seekg(static_cast<std::streamoff>(*offset));
  for (std::string line; std::getline(file, line) && !file.eof();) {
    auto record = record_of(line);
    if (!record) break;
    records.push_back(*std::move(record));
    *offset += line.size() + 1;
  }
  return records;
}

void cut_unfinished_line(const std::string& path) {
  std::ifstream file = open_records(path, std::ios::ate);
  if (!file.is_open()) return;
  auto length = static_cast<int64_t>(file.tellg());
  const int64_t whole = length;
  for (char byte = 0; length > 0; --length) {
    file.seekg(length - 1);
    if (!file.get(byte) || byte == '\n') break;
  }
  if (length != whole) cut_records(path, static_cast<uint64_t>(length));
}

void cut_records(const std::string& path, uint64_t length) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (!error && size > length) std::filesystem::resize_file(path, length);
}

}  // namespace lea
