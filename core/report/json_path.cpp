#include "core/report/json_path.h"

#include <cmath>

namespace lea::report {
namespace {

void flatten_into(const nlohmann::json& value, const std::string& path,
                  std::map<std::string, std::string>* leaves) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, child] : value.items()) {
      flatten_into(child, path.empty() ? key : path + "." + key, leaves);
    }
    return;
  }
  (*leaves)[path] = value.is_string() ? value.get_ref<const std::string&>() : value.dump();
}

}  // namespace

const nlohmann::json* find_path(const nlohmann::json& document, std::string_view path) {
  const nlohmann::json* at = &document;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    if (!at->is_object()) return nullptr;
    const auto found = at->find(std::string(path.substr(0, dot)));
    if (found == at->end()) return nullptr;
    at = &*found;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return at;
}

std::string text_at(const nlohmann::json& document, std::string_view path) {
  const nlohmann::json* value = find_path(document, path);
  return value != nullptr && value->is_string() ? value->get_ref<const std::string&>() : "";
}

std::optional<double> number_at(const nlohmann::json& document, std::string_view path) {
  const nlohmann::json* value = find_path(document, path);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<bool> flag_at(const nlohmann::json& document, std::string_view path) {
  const nlohmann::json* value = find_path(document, path);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::map<std::string, std::string> flatten(const nlohmann::json& document) {
  std::map<std::string, std::string> leaves;
  flatten_into(document, "", &leaves);
  return leaves;
}

}  // namespace lea::report
