#include "core/spec/default_label.h"

#include <utility>

#include "core/spec/param_json.h"
#include "core/spec/yaml.h"

namespace lea::spec {
namespace {

using nlohmann::json;

const json* member(const json* document, const std::string& key) {
  if (document == nullptr || !document->is_object()) return nullptr;
  const auto found = document->find(key);
  return found == document->end() || found->is_null() ? nullptr : &*found;
}

std::string slot_label(const std::string& slot, const Settings& settings, const json& document) {
  const auto stated = settings.slots.find(slot);
  if (stated != settings.slots.end() && !stated->second.none()) {
    const UseSetting& use = stated->second;
    return use.label.empty() ? use.name : use.label;
  }
  const json* id = member(member(&document, slot), "id");
  if (id == nullptr) return "none";
  const std::string& text = id->get_ref<const std::string&>();
  return text.substr(text.rfind('.') + 1);
}

// The two sides of the first dot.
std::pair<std::string, std::string> halves(const std::string& key) {
  const size_t dot = key.find('.');
  return {key.substr(0, dot), dot == std::string::npos ? "" : key.substr(dot + 1)};
}

// All parameters of a plugin, also the `added` ones that have their default.
json whole_params(const std::string& kind, const std::string& id, const json& params,
                  const PluginCatalogue& plugins) {
  const PluginInfo* info = plugins.find(kind, id);
  return info == nullptr ? params : with_added_defaults(info->params, params);
}

std::string label_or_default(const json* value) {
  return value == nullptr ? "default" : value_label(*value);
}

}  // namespace

const json* resolved_value(const json& document, const std::string& key) {
  const auto [head, name] = halves(key);
  if (name.empty()) return nullptr;
  if (is_section(head)) return member(member(&document, head), name);
  if (!is_slot(head)) return nullptr;
  if (const json* setting = member(member(&document, head + "_use"), name)) return setting;
  return member(member(member(&document, head), "params"), name);
}

std::string value_label(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("path")) return path_of_file(value);
  return value.dump();
}

std::string stated_label(const Node& node) {
  return node.is_scalar() ? node.text : plain_json(node).dump();
}

std::string default_label(const std::string& axis, const Settings& settings,
                          const Resolved& resolved, const PluginCatalogue& plugins) {
  const std::string slot = slot_named(axis);
  json document = with_added_defaults(to_json(resolved.run));
  if (is_slot(slot)) return slot_label(slot, settings, document);
  if (const Entry* stated = stated_entry(settings, axis)) return stated_label(*stated->value);
  const auto [head, name] = halves(canonical_key(settings, axis));
  if (head == "environments") {
    const auto [environment, parameter] = halves(name);
    const auto used = resolved.used_environments.find(environment);
    if (used == resolved.used_environments.end()) return "default";
    const json params = whole_params("environment", used->second.id, used->second.params, plugins);
    return label_or_default(member(&params, parameter));
  }
  if (is_slot(head) && document.at(head).is_object()) {
    json& use = document[head];
    use["params"] = whole_params(kind_of(head), use.at("id"), use.at("params"), plugins);
  }
  return label_or_default(resolved_value(document, axis));
}

}  // namespace lea::spec
