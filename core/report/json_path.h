// Checked look-ups in documents that come from files: a missing key or another type is an empty
// answer, never an exception in the middle of a table.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lea::report {

// The value at a dotted path ("train.learning_rate"), or null.
const nlohmann::json* find_path(const nlohmann::json& document, std::string_view path);

std::string text_at(const nlohmann::json& document,
                    std::string_view path);  // empty when not a string
std::optional<double> number_at(const nlohmann::json& document, std::string_view path);
std::optional<bool> flag_at(const nlohmann::json& document, std::string_view path);

// Every leaf as dotted path -> text as JSON writes it, strings without quotes; arrays are leaves.
std::map<std::string, std::string> flatten(const nlohmann::json& document);

}  // namespace lea::report
