// Looks up values in JSON documents from files. A missing key or a value of another type gives an
// empty result instead of an exception, so that a table can always be printed.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lea::report {

// The value at a dotted path ("train.learning_rate"), or nullptr.
const nlohmann::json* find_path(const nlohmann::json& document, std::string_view path);

// Empty when the value is not a string.
std::string text_at(const nlohmann::json& document, std::string_view path);

// Empty when the value is not a finite number.
std::optional<double> number_at(const nlohmann::json& document, std::string_view path);

// Empty when the value is not true or false.
std::optional<bool> flag_at(const nlohmann::json& document, std::string_view path);

// All leaves: dotted path -> JSON text, where strings have no quotes. Arrays and empty objects are
// leaves.
std::map<std::string, std::string> flatten(const nlohmann::json& document);

}  // namespace lea::report
