#include "core/base/json_field.h"

#include <cmath>
#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/large_json.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr size_t kJsonLimit = size_t{64} << 20;
constexpr size_t kLargeLimit = size_t{256} << 20, kLargeMemory = size_t{1} << 30;
constexpr int kJsonDepth = 64;

// Checks a document before it is built, because deep nesting parses but overflows the stack when it
// is copied or written. Also estimates the memory that the document would take: values are 16 bytes
// in arrays that grow by doubling, keys are nodes of a tree, and each allocation has a header.
class Inspector : public nlohmann::json_sax<nlohmann::json> {
 public:
  Inspector(const std::string& where, size_t size, size_t memory)
      : where_(where), size_(size), memory_(memory) {}

  bool null() override { return takes(32); }
  bool boolean(bool) override { return takes(32); }
  bool number_integer(number_integer_t) override { return takes(32); }
  bool number_unsigned(number_unsigned_t) override { return takes(32); }
  bool number_float(number_float_t, const string_t&) override { return takes(32); }
  bool string(string_t& text) override { return takes(80 + text.size()); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& text) override { return takes(96 + text.size()); }
  bool start_object(size_t) override { return goes_down(); }
  bool start_array(size_t) override { return goes_down(); }
  bool end_object() override { return goes_up(); }
  bool end_array() override { return goes_up(); }
  bool parse_error(size_t byte, const std::string&,
                   const nlohmann::json::exception& error) override {
    constexpr int kTooLarge = 406;  // 1e999 is valid JSON, but fits no double
    if (error.id == kTooLarge) {
      throw DataError(where_ + ": holds a number that is too large: " + printable(error.what()));
    }
    throw DataError(
        where_ + ": byte " + std::to_string(byte) +
        ": not valid JSON. The file is damaged; restore it from a copy or move it away.");
  }

 private:
  bool takes(size_t bytes) {
    taken_ += bytes;
    if (taken_ <= memory_) return true;
    throw DataError(where_ + ": holds more values than a file of " + std::to_string(size_) +
                    " bytes should: they would take over " + std::to_string(memory_ >> 20) +
                    " MiB. It is damaged, or made to exhaust memory.");
  }
  bool goes_down() {
    if (++depth_ > kJsonDepth)
      throw DataError(where_ + ": nested deeper than " + std::to_string(kJsonDepth) + " levels");
    return takes(112);
  }
  bool goes_up() {
    --depth_;
    return true;
  }

  const std::string& where_;
  size_t size_, memory_, taken_ = 0;
  int depth_ = 0;
};

// Returns nothing when no file has this name. A file that cannot be reached is not absent.
std::optional<std::string> text_in(const std::string& path, size_t limit) {
  if (!is_there(path)) return std::nullopt;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw DataError(printable(path) + ": cannot be read: it is a folder");
  return read_file(path, limit);
}

}  // namespace

JsonFields::JsonFields(const nlohmann::json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object())
    throw DataError(where_ + ": must be an object, but is " + object.type_name());
}

void JsonFields::fail(const char* key, const std::string& what) const {
  throw DataError(where_ + ": " + key + ": " + what);
}

bool JsonFields::contains(const char* key) const { return object_.contains(key); }

bool JsonFields::has(const char* key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

const nlohmann::json& JsonFields::at(const char* key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) fail(key, "is missing");
  return *found;
}

std::string JsonFields::text(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_string()) fail(key, std::string("must be a text, but is ") + value.type_name());
  return value.get<std::string>();
}

std::string JsonFields::text(const char* key, const std::string& fallback) const {
  return has(key) ? text(key) : fallback;
}

int64_t JsonFields::integer(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_number_integer())
    fail(key, "must be an integer, but is " + value.dump().substr(0, 40));
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) {
    fail(key, "is too large: " + value.dump());
  }
  return value.get<int64_t>();
}

int64_t JsonFields::integer(const char* key, int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}

double JsonFields::number(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_number()) fail(key, "must be a number, but is " + value.dump().substr(0, 40));
  const double number = value.get<double>();
  if (!std::isfinite(number)) fail(key, "is not finite");
  return number;
}

double JsonFields::number(const char* key, double fallback) const {
  return has(key) ? number(key) : fallback;
}

bool JsonFields::boolean(const char* key, bool fallback) const {
  if (!has(key)) return fallback;
  const nlohmann::json& value = at(key);
  if (!value.is_boolean())
    fail(key, std::string("must be true or false, but is ") + value.type_name());
  return value.get<bool>();
}

std::vector<std::string> JsonFields::texts(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_array()) fail(key, std::string("must be a list, but is ") + value.type_name());
  std::vector<std::string> texts;
  for (const auto& element : value) {
    if (!element.is_string())
      fail(key, std::string("must hold texts, but holds ") + element.type_name());
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

std::map<std::string, std::string> JsonFields::text_map(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_object()) fail(key, std::string("must be an object, but is ") + value.type_name());
  std::map<std::string, std::string> map;
  for (const auto& [name, element] : value.items()) {
    if (!element.is_string())
      fail(key, "must hold texts, but `" + name + "` is " + element.type_name());
    map[name] = element.get<std::string>();
  }
  return map;
}

JsonFields JsonFields::object(const char* key) const {
  return JsonFields(at(key), where_ + ": " + key);
}

nlohmann::json parse_json(const std::string& text, const std::string& where, size_t memory) {
  Inspector inspector(where, text.size(), memory);
  nlohmann::json::sax_parse(text, &inspector);
  return nlohmann::json::parse(text);
}

size_t json_memory(size_t bytes) { return (size_t{32} << 20) + 2 * bytes; }

std::optional<nlohmann::json> read_json(const std::string& path) {
  const auto text = text_in(path, kJsonLimit);
  if (!text) return std::nullopt;
  return parse_json(*text, path, json_memory(text->size()));
}

std::optional<nlohmann::json> read_large_json(const std::string& path) {
  const auto text = text_in(path, kLargeLimit);
  if (!text) return std::nullopt;
  return parse_json(*text, path, kLargeMemory);
}

}  // namespace lea
