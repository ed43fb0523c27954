#include "core/spec/json_field.h"

#include <cmath>
#include <filesystem>
#include <utility>

#include "core/spec/error.h"
#include "core/spec/publish.h"
#include "core/spec/text.h"

namespace lea {
namespace {

constexpr size_t kJsonLimit = size_t{64} << 20;
constexpr int kJsonDepth = 64;

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

nlohmann::json parse_json(const std::string& text, const std::string& where) {
  // Deep nesting parses, but overflows the stack when it is copied or written.
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kJsonDepth) {
      throw DataError(where + ": nested deeper than " + std::to_string(kJsonDepth) + " levels");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, shallow);
  } catch (const nlohmann::json::parse_error& error) {
    throw DataError(
        where + ": byte " + std::to_string(error.byte) +
        ": not valid JSON. The file is damaged; restore it from a copy or move it away.");
  } catch (const nlohmann::json::out_of_range& error) {  // 1e999 is JSON, but no double
    throw DataError(where + ": holds a number that is too large: " + printable(error.what()));
  }
}

std::optional<nlohmann::json> read_json(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return parse_json(read_file(path, kJsonLimit), path);
}

}  // namespace lea
