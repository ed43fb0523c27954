// JSON files, and the fields of an object with their type checked: get<T>() converts silently (-1
// to 2^64 - 1, 1.9 to 1).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lea {

// Reads one object; `where` names it in messages. Every function throws DataError when the key is
// absent or of another type, but those with a fallback, which take it when the key is absent or
// null.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string where);

  bool contains(const char* key) const;  // also null
  bool has(const char* key) const;       // not null
  const nlohmann::json& at(const char* key) const;
  std::string text(const char* key) const;
  std::string text(const char* key, const std::string& fallback) const;
  int64_t integer(const char* key) const;
  int64_t integer(const char* key, int64_t fallback) const;
  double number(const char* key) const;
  double number(const char* key, double fallback) const;
  bool boolean(const char* key, bool fallback) const;
  std::vector<std::string> texts(const char* key) const;
  std::map<std::string, std::string> text_map(const char* key) const;
  JsonFields object(const char* key) const;
  const std::string& where() const { return where_; }
  // Throws DataError "WHERE: key: what".
  [[noreturn]] void fail(const char* key, const std::string& what) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
};

// Empty when the file is absent. Throws DataError when it is a folder, is not JSON, is larger than
// 64 MiB, nested too deeply to be ours, or so full of tiny values that it would take more memory
// than json_memory() of its size.
std::optional<nlohmann::json> read_json(const std::string& path);

// `memory`: about how many bytes the result may take.
nlohmann::json parse_json(const std::string& text, const std::string& where,
                          size_t memory = SIZE_MAX);

// What a file of so many bytes may take: enough for the largest tokenizers in use (2 bytes for each
// of the file, and 32 MiB).
size_t json_memory(size_t bytes);

}  // namespace lea
