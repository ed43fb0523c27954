#include "core/spec/default_label.h"

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

}  // namespace

const json* resolved_value(const json& document, const std::string& key) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return nullptr;
  const std::string head = key.substr(0, dot), name = key.substr(dot + 1);
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

std::string default_label(const std::string& axis, const Settings& settings, const RunSpec& run) {
  const json document = to_json(run);
  const std::string slot = slot_named(axis);
  if (is_slot(slot)) return slot_label(slot, settings, document);
  if (const Entry* stated = stated_entry(settings, axis)) return stated_label(*stated->value);
  const json* resolved = resolved_value(document, axis);
  return resolved == nullptr ? "default" : value_label(*resolved);
}

}  // namespace lea::spec
