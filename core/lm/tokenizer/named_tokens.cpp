#include "core/lm/tokenizer/named_tokens.h"

#include "core/base/text.h"

namespace lea::lm {
namespace {

// Reads a text, or the `content` of an object.
std::string name_in(const JsonFields& fields, const char* key) {
  return fields.at(key).is_object() ? fields.object(key).text("content") : fields.text(key);
}

}  // namespace

Beside::Beside(const std::string& folder)
    : config_path(folder + "/tokenizer_config.json"),
      names_path(folder + "/special_tokens_map.json"),
      added_path(folder + "/added_tokens.json"),
      config(read_json(config_path).value_or(nlohmann::json::object())),
      names(read_json(names_path).value_or(nlohmann::json::object())),
      added(read_json(added_path).value_or(nlohmann::json::object())) {}

std::optional<Named> named(const Beside& beside, const char* key,
                           const std::optional<std::string>& otherwise) {
  for (const auto& [document, path] : {std::pair(&beside.names, &beside.names_path),
                                       std::pair(&beside.config, &beside.config_path)}) {
    const JsonFields fields(*document, printable(*path));
    if (!fields.contains(key)) continue;
    if (!fields.has(key)) return std::nullopt;
    return Named{name_in(fields, key), fields.where() + ": " + key};
  }
  if (!otherwise) return std::nullopt;
  return Named{*otherwise, printable(beside.config_path) + ": " + key};
}

}  // namespace lea::lm
