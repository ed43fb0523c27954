// Prints JSON, reads JSON files, and reads the fields of an object with a check of their types. get<T>() alone
// converts silently (-1 to 2^64 - 1, 1.9 to 1).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lea {

// Reads the fields of one object, which must outlive the reader; `where` names it in messages.
// Every function throws DataError for a value of another type. Functions with a fallback return it
// when the key is absent or null; the others throw DataError when the key is absent.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string where);

  bool contains(const char* key) const;  // also true for null
  bool has(const char* key) const;       // false for null
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

// Empty when the file is absent. Throws DataError when it is a folder, is not JSON, is nested
// deeper than 64 levels, or is so full of tiny values that it would take more memory than
// json_memory() of its size. Throws StoreError when it cannot be read or is larger than 64 MiB.
std::optional<nlohmann::json> read_json(const std::string& path);

// `where` names the text in messages. `memory` limits the estimated bytes of the result. Throws
// DataError as read_json does.
nlohmann::json parse_json(const std::string& text, const std::string& where,
                          size_t memory = SIZE_MAX);

// The memory that a JSON file of `bytes` bytes may take: 32 MiB and 2 bytes for each byte of the
// file. This is enough for the largest tokenizers in use.
size_t json_memory(size_t bytes);

// The document indented by two spaces, with a newline at the end. Bytes that are not UTF-8 become
// U+FFFD. `Json` is nlohmann::json or nlohmann::ordered_json.
template <class Json>
std::string pretty_json(const Json& document) {
  return document.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lea
