#include "gui/model/spec_schema.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/spec/grid.h"
#include "core/spec/keys.h"
#include "core/spec/param_json.h"
#include "core/spec/settings.h"
#include "core/spec/yaml.h"

namespace lea::gui {
namespace {

using Opens = Suggestion::Opens;

const ParamInfo* find(const std::vector<ParamInfo>& infos, const std::string& name) {
  const auto found = std::find_if(infos.begin(), infos.end(),
                                  [&](const ParamInfo& info) { return info.name == name; });
  return found == infos.end() ? nullptr : &*found;
}

bool is_list(const ParamInfo& info) {
  return info.type == ParamType::kIntegers || info.type == ParamType::kReals;
}

// As it stands in a spec; empty for an empty text.
std::string default_text(const ParamInfo& info) {
  if (info.required) return "";
  const nlohmann::json value = spec::to_json(info.default_value);
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const nlohmann::json& item : value) items.push_back(item.dump());
    std::string list = "[";  // g++ 12 warns falsely of an operator+ here
    list += joined(items);
    list += ']';
    return list;
  }
  if (!value.is_string()) return value.dump();
  const auto text = value.get<std::string>();
  return text.empty() ? "" : spec::key_in_flow(text);
}

std::string detail_of(const ParamInfo& info) {
  const std::string value = default_text(info);
  return spec::expected(info) + (info.required   ? ", required"
                                 : value.empty() ? ""
                                                 : ", default " + value);
}

Suggestion suggestion_of(const ParamInfo& info, const std::string& name) {
  return {name, detail_of(info), info.meaning, is_list(info) ? Opens::kList : Opens::kNothing,
          true};
}

// The settings of the top that have a map or a list for their value.
Opens opened_by(const std::string& key) {
  if (spec::is_section(key) || key == "prepare" || key == "grid" || key == "environments")
    return Opens::kMap;
  const ParamInfo* info = find(spec::declared_settings(""), key);
  return info && is_list(*info) ? Opens::kList : Opens::kNothing;
}

Suggestion suggestion_of(const spec::KeyInfo& key) {
  return {key.name, "", key.meaning, opened_by(key.name), true};
}

}  // namespace

SpecSchema::Spot SpecSchema::at(const spec::Path& path) const {
  Spot spot{Is::kTop};
  for (const spec::Step& step : path) {
    const auto* key = std::get_if<std::string>(&step);
    spot = key ? below(spot, *key) : item_of(spot);
  }
  return spot;
}

SpecSchema::Spot SpecSchema::top(const std::string& key) const {
  if (spec::is_slot(key)) return {Is::kUse, key};
  if (spec::is_section(key) || key == "prepare") return {Is::kSection, key};
  if (key == "grid") return {Is::kGrid};
  if (key == "overrides") return {Is::kRules};
  if (key == "environments") return {Is::kEnvironments};
  if (key == "extends") return {Is::kExtends};
  return {Is::kSetting, key, find(spec::declared_settings(""), key)};
}

SpecSchema::Spot SpecSchema::in_use(const std::string& slot, const std::string& key) const {
  if (const ParamInfo* field = find(spec::declared_settings(slot), key);
      field && !spec::fields_of(slot).empty())
    return {Is::kSetting, key, field};
  if (key == "of" && !spec::fields_of(slot).empty()) return {Is::kUse, spec::kind_of(slot)};
  if (key == "label") return {};
  return {Is::kParams, key, nullptr, find_plugin(facts_.plugins, spec::kind_of(slot), key)};
}

SpecSchema::Spot SpecSchema::in_grid(const std::string& key, bool zipped) const {
  if (key == spec::kVariant) return {Is::kBundles};
  if (zipped) return {Is::kAxis, key};
  if (key == "zip") return {Is::kZip};
  if (key == "exclude" || key == "include") return {Is::kPatterns};
  if (key == "overrides") return {Is::kRules};
  return {Is::kAxis, key};
}

// A key such as train.batch_size, framework, framework.gamma or environments.le.portion.
SpecSchema::Spot SpecSchema::target(const std::string& key) const {
  const size_t dot = key.find('.');
  const std::string head = key.substr(0, dot);
  if (dot == std::string::npos) {
    if (spec::is_slot(key)) return {Is::kUse, key};
    if (key == spec::kRunSeed)
      return {Is::kSetting, key, find(spec::declared_settings(""), "seeds"), nullptr, true};
    return {};
  }
  const std::string rest = key.substr(dot + 1);
  if (spec::is_section(head)) return {Is::kSetting, key, find(spec::declared_settings(head), rest)};
  if (head == "environments") {
    const size_t inner = rest.find('.');
    const auto declared = outline_.environments.find(rest.substr(0, inner));
    if (inner == std::string::npos || declared == outline_.environments.end()) return {};
    return param_of("environment", {declared->second}, rest.substr(inner + 1));
  }
  if (!spec::is_slot(head)) return {};
  const Spot in_slot = in_use(head, rest);
  if (in_slot.is != Is::kParams) return in_slot;
  const auto named = outline_.plugins.find(head);
  return param_of(spec::kind_of(head),
                  named == outline_.plugins.end() ? std::vector<std::string>() : named->second,
                  rest);
}

// A parameter of one of these plugins, or of any of the kind.
SpecSchema::Spot SpecSchema::param_of(const std::string& kind,
                                      const std::vector<std::string>& plugins,
                                      const std::string& name) const {
  for (const std::string& used : plugins) {
    const spec::PluginInfo* plugin = find_plugin(facts_.plugins, kind, used);
    const ParamInfo* info = plugin ? find(plugin->params, name) : nullptr;
    if (info) return {Is::kSetting, name, info};
  }
  for (const spec::PluginInfo& plugin : facts_.plugins.all()) {
    const ParamInfo* info = plugin.kind == kind ? find(plugin.params, name) : nullptr;
    if (info) return {Is::kSetting, name, info};
  }
  return {};
}

SpecSchema::Spot SpecSchema::below(const Spot& spot, const std::string& key) const {
  switch (spot.is) {
    case Is::kTop:
      return top(key);
    case Is::kSection:
      return {Is::kSetting, spot.name + "." + key, find(spec::declared_settings(spot.name), key)};
    case Is::kUse:
      return in_use(spot.name, key);
    case Is::kParams:
      return {Is::kSetting, key, spot.plugin ? find(spot.plugin->params, key) : nullptr};
    case Is::kSetting:
      return spot.setting && spot.setting->type == ParamType::kEnvironment
                 ? in_use("environment", key)
                 : Spot();
    case Is::kEnvironments:
      return {Is::kUse, "environment"};
    case Is::kGrid:
    case Is::kZip:
      return in_grid(key, spot.is == Is::kZip);
    case Is::kBundle:
      return {Is::kTargets};
    case Is::kTargets:
      return target(key);
    case Is::kPattern:
      return {Is::kLabels, key};
    case Is::kRule:
      return key == "when" ? Spot{Is::kConditions} : key == "set" ? Spot{Is::kTargets} : Spot();
    case Is::kConditions:
      return {Is::kCondition, key};
    default:
      return {};
  }
}

SpecSchema::Spot SpecSchema::item_of(const Spot& spot) const {
  switch (spot.is) {
    case Is::kAxis:
      return target(spot.name);
    case Is::kBundles:
      return {Is::kBundle};
    case Is::kPatterns:
      return {Is::kPattern};
    case Is::kRules:
      return {Is::kRule};
    case Is::kZip:
    case Is::kExtends:
    case Is::kLabels:
    case Is::kCondition:
      return spot;
    case Is::kSetting: {
      Spot element = spot;
      element.element = true;
      return element;
    }
    default:
      return {};
  }
}

void SpecSchema::add_settings(const std::vector<ParamInfo>& infos, const std::string& before,
                              std::vector<Suggestion>* to) const {
  for (const ParamInfo& info : infos) {
    to->push_back(suggestion_of(info, before + info.name));
    // The value of a dotted key in a bundle or rule may be a list as well, but not that of an axis.
    if (info.type == ParamType::kEnvironment) to->back().opens = Opens::kNothing;
  }
}

// The plugins that can fill a slot, and what else can be named there.
void SpecSchema::add_names(const std::string& slot, bool keys, std::vector<Suggestion>* to) const {
  const std::string kind = spec::kind_of(slot);
  if (!keys && kind == "environment") {
    for (const auto& [name, plugin] : outline_.environments)
      to->push_back({spec::key_in_flow(name), "environment of this spec, made by " + plugin, ""});
  }
  for (const spec::PluginInfo& plugin : facts_.plugins.all()) {
    if (plugin.kind != kind || (slot == "state" && !plugin.gives_state)) continue;
    Suggestion named{short_name(facts_.plugins, plugin), plugin.kind + " " + plugin.id,
                     plugin.summary, keys ? Opens::kMap : Opens::kNothing, keys};
    to->push_back(std::move(named));
  }
  if (!keys && (slot == "reward" || slot == "state" || slot == "augment"))
    to->push_back({"none", "leaves the slot empty", ""});
}

void SpecSchema::add_keys_of_use(const std::string& slot, std::vector<Suggestion>* to) const {
  if (!spec::fields_of(slot).empty()) {
    to->push_back(
        {"of", "the " + spec::kind_of(slot) + " that it is about", "", Opens::kNothing, true});
    add_settings(spec::declared_settings(slot), "", to);
  }
  add_names(slot, /*keys=*/true, to);
}

// Everything that a bundle or rule can set.
void SpecSchema::add_targets(std::vector<Suggestion>* to) const {
  for (const std::string& slot : spec::slot_names()) to->push_back(key({slot}));
  for (const std::string& section : spec::section_names())
    add_settings(spec::declared_settings(section), section + ".", to);
  for (const std::string& slot : spec::slot_names()) {
    if (!spec::fields_of(slot).empty()) add_settings(spec::declared_settings(slot), slot + ".", to);
    const auto named = outline_.plugins.find(slot);
    if (named == outline_.plugins.end()) continue;
    for (const std::string& name : named->second) {
      const spec::PluginInfo* plugin = find_plugin(facts_.plugins, spec::kind_of(slot), name);
      if (plugin) add_settings(plugin->params, slot + ".", to);
    }
  }
  for (const auto& [name, used] : outline_.environments) {
    const spec::PluginInfo* plugin = find_plugin(facts_.plugins, "environment", used);
    if (plugin) add_settings(plugin->params, "environments." + name + ".", to);
  }
}

// The axes that a grid can have: a list of values for whatever can be set.
void SpecSchema::add_axes(const std::string& setting, std::vector<Suggestion>* to) const {
  to->push_back({spec::kVariant, "bundles of settings by their names", "", Opens::kNothing, true});
  if (setting == "zip")
    to->push_back({spec::kRunSeed, "the seeds of the runs", "", Opens::kList, true});
  const size_t first = to->size();
  add_targets(to);
  for (size_t i = first; i < to->size(); ++i) (*to)[i].opens = Opens::kList;
}

std::vector<Suggestion> SpecSchema::keys(const spec::Path& path) const {
  const Spot spot = at(path);
  std::vector<Suggestion> found;
  switch (spot.is) {
    case Is::kTop:
      for (const spec::KeyInfo& key : spec::top_keys()) found.push_back(suggestion_of(key));
      break;
    case Is::kSection:
      add_settings(spec::declared_settings(spot.name), "", &found);
      break;
    case Is::kUse:
      add_keys_of_use(spot.name, &found);
      break;
    case Is::kParams:
      if (spot.plugin) add_settings(spot.plugin->params, "", &found);
      break;
    case Is::kSetting:
      if (spot.setting && spot.setting->type == ParamType::kEnvironment)
        add_names("environment", /*keys=*/true, &found);
      break;
    case Is::kGrid:
      add_axes("", &found);
      for (const spec::KeyInfo& key : spec::grid_keys()) found.push_back(suggestion_of(key));
      break;
    case Is::kZip:
      add_axes("zip", &found);
      break;
    case Is::kTargets:
      add_targets(&found);
      break;
    case Is::kPattern:
      for (const auto& [axis, labels] : outline_.axes)
        found.push_back({spec::key_in_flow(axis), "axis of this grid", "", Opens::kNothing, true});
      break;
    case Is::kRule:
      for (const spec::KeyInfo& key : spec::rule_keys())
        found.push_back({key.name, "", key.meaning, Opens::kMap, true});
      break;
    case Is::kConditions:
      for (const std::string& slot : spec::slot_names()) found.push_back(key({slot}));
      break;
    default:
      break;
  }
  return found;
}

std::vector<Suggestion> SpecSchema::values_of(const Spot& spot) const {
  std::vector<Suggestion> found;
  if (!spot.setting) return found;
  const ParamInfo& info = *spot.setting;
  const std::string fallback = default_text(info);
  const auto add = [&](const std::string& text, const std::string& detail) {
    found.push_back(
        {text, text == fallback && !info.required ? "the default" : detail, info.meaning});
  };
  if (info.type == ParamType::kBool) {
    add("true", "");
    add("false", "");
  } else if (info.type == ParamType::kChoice) {
    for (const std::string& choice : info.choices) add(spec::key_in_flow(choice), "");
  } else if (info.type == ParamType::kEnvironment) {
    add_names("environment", /*keys=*/false, &found);
  } else if (info.type == ParamType::kModel) {
    for (const std::string& model : facts_.models)
      add(spec::key_in_flow(model), "model of this lab");
  } else if (spot.name == "data.name") {
    for (const std::string& data : facts_.data_sets)
      add(spec::key_in_flow(data), "data set of this lab");
  } else if (is_list(info) ? !spot.element && fallback != "[]"
                           : !fallback.empty() && !spot.element) {
    add(fallback, "");
  }
  return found;
}

std::vector<Suggestion> SpecSchema::values(const spec::Path& path) const {
  const Spot spot = at(path);
  std::vector<Suggestion> found;
  switch (spot.is) {
    case Is::kSetting:
      return values_of(spot);
    case Is::kUse:
    case Is::kCondition:
      add_names(spot.name, /*keys=*/false, &found);
      break;
    case Is::kExtends:
      for (const std::string& preset : facts_.presets) found.push_back({preset, "preset", ""});
      break;
    case Is::kLabels: {
      const auto axis = outline_.axes.find(spot.name);
      if (axis == outline_.axes.end()) break;
      for (const std::string& label : axis->second)
        found.push_back({spec::key_in_flow(label), "value of this axis", ""});
      break;
    }
    case Is::kBundle:
      for (const LibraryBundle& bundle : facts_.bundles)
        found.push_back({bundle.yaml, "bundle of " + bundle.file, ""});
      break;
    default:
      break;
  }
  return found;
}

Suggestion SpecSchema::key(const spec::Path& path) const {
  if (path.empty()) return {};
  const auto* name = std::get_if<std::string>(&path.back());
  if (!name) return {};
  const Spot spot = at(path);
  if (spot.is == Is::kSetting && spot.setting) return suggestion_of(*spot.setting, *name);
  if (spot.is == Is::kParams && spot.plugin)
    return {*name, spot.plugin->kind + " " + spot.plugin->id, spot.plugin->summary, Opens::kMap,
            true};
  if (path.size() == 1) {
    for (const spec::KeyInfo& key : spec::top_keys()) {
      if (key.name == *name) return suggestion_of(key);
    }
    return {};
  }
  for (Suggestion& known : keys({path.begin(), path.end() - 1})) {
    if (known.text == *name) return known;
  }
  return {};
}

}  // namespace lea::gui
