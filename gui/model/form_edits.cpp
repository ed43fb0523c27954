#include "gui/model/form_edits.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/run_spec.h"

namespace lea::gui {
namespace {

using spec::Entry;
using spec::NodePtr;
using spec::Path;
using Kind = SpecEdit::Kind;

SpecEdit set(Path path, std::string value) {
  return {Kind::kSet, std::move(path), std::move(value)};
}

Path below(Path path, const spec::Step& step) {
  path.push_back(step);
  return path;
}

Path holder(const Path& path) { return {path.begin(), path.end() - 1}; }

// Removes a value, and the maps that would hold nothing without it.
SpecEdit removal(const FormOutline& outline, Path path) {
  while (path.size() > 1) {
    const NodePtr map = value_at(outline.own, holder(path));
    if (!map || !map->is_map() || map->entries.size() > 1) break;
    path = holder(path);
  }
  return {Kind::kRemove, std::move(path)};
}

// A use of a plugin as the text states it.
struct LocalUse {
  NodePtr node;         // null: the text does not state it
  bool has_of = false;  // the form {of: plugin, combine: ...}
  Path plugin;          // of the plugin itself
  NodePtr plugin_node;

  const Entry* named(const std::string& name) const {
    if (!plugin_node || !plugin_node->is_map()) return nullptr;
    for (const Entry& entry : plugin_node->entries) {
      if (entry.key != "label" && equal_without_case(entry.key, name)) return &entry;
    }
    return nullptr;
  }
};

bool has_fields(const spec::Node& node, const std::string& slot) {
  const std::vector<std::string>& fields = spec::fields_of(slot);
  return node.is_map() && !fields.empty() &&
         std::any_of(node.entries.begin(), node.entries.end(), [&](const Entry& entry) {
           return entry.key == "of" ||
                  std::find(fields.begin(), fields.end(), entry.key) != fields.end();
         });
}

LocalUse local_use(const NodePtr& document, const FieldPlace& place) {
  LocalUse use;
  use.plugin = place.path;
  use.node = use.plugin_node = value_at(document, place.path);
  if (!use.node || !has_fields(*use.node, place.slot)) return use;
  use.has_of = true;
  use.plugin = below(place.path, "of");
  use.plugin_node = value_at(document, use.plugin);
  return use;
}

// A map in flow style without some of its entries.
std::string flow_without(const spec::Node& map, const std::string& left_out) {
  std::string text;
  for (const Entry& entry : map.entries) {
    if (entry.key == left_out) continue;
    text += (text.empty() ? "" : ", ") + spec::key_in_flow(entry.key) + ": " +
            spec::in_flow(*entry.value);
  }
  return braced(text);
}

// Edits of an item of a list that the text takes from a file below state the whole list first, and so do
// those of a slot whose form {of: ...} would not be merged. `document` is then where the use stands.
struct Ground {
  SpecEdits edits;
  NodePtr document;
};

Ground ground_of(const FormOutline& outline, const FieldPlace& place) {
  const NodePtr here = value_at(outline.own, place.path);
  if (here) return {{}, outline.own};
  const NodePtr merged = value_at(outline.merged, place.path);
  if (!merged) return {{}, outline.own};
  const bool of_axis = place.path.size() == 3;
  if (!of_axis && !has_fields(*merged, place.slot)) return {{}, outline.own};
  const Path whole = of_axis ? holder(place.path) : place.path;
  const NodePtr stated = value_at(outline.merged, whole);
  return {{set(whole, spec::in_flow(*stated))}, outline.merged};
}

SpecEdits set_parameter(const FormOutline& outline, const FieldPlace& place,
                        const std::string& yaml) {
  Ground ground = ground_of(outline, place);
  const LocalUse use = local_use(ground.document, place);
  const Entry* named = use.named(place.plugin);
  if (named && named->value->is_map()) {
    ground.edits.push_back(set(below(below(use.plugin, named->key), place.name), yaml));
  } else {
    const std::string params = braced(spec::key_in_flow(place.name) + ": " + yaml);
    ground.edits.push_back(
        set(use.plugin, braced(spec::key_in_flow(place.plugin) + ": " + params)));
  }
  return ground.edits;
}

SpecEdits set_of_slot(const FormOutline& outline, const FieldPlace& place,
                      const std::string& yaml) {
  Ground ground = ground_of(outline, place);
  const LocalUse use = local_use(ground.document, place);
  if (use.has_of) {
    ground.edits.push_back(set(below(place.path, place.name), yaml));
    return ground.edits;
  }
  const NodePtr merged = use.node ? use.node : value_at(outline.merged, place.path);
  if (!merged) throw ConfigError("Choose what fills `" + place.slot + "` first.");
  const Entry* label = merged->find("label");
  std::string text = "{of: " + (label ? flow_without(*merged, "label") : spec::in_flow(*merged));
  if (label) text += ", label: " + spec::in_flow(*label->value);
  ground.edits.push_back(
      set(place.path, text + ", " + spec::key_in_flow(place.name) + ": " + yaml + "}"));
  return ground.edits;
}

SpecEdits set_plugin(const FormOutline& outline, const FieldPlace& place, const std::string& yaml) {
  Ground ground = ground_of(outline, place);
  ground.edits.push_back(set(local_use(ground.document, place).plugin, yaml));
  return ground.edits;
}

// A plugin without its last parameter is a name again, and a slot without its last setting a plugin.
SpecEdits reset_parameter(const FormOutline& outline, const FieldPlace& place) {
  const LocalUse use = local_use(outline.own, place);
  const Entry* named = use.named(place.plugin);
  if (!named || !named->value->find(place.name)) return {};
  if (named->value->entries.size() == 1 && use.plugin_node->entries.size() == 1)
    return {set(use.plugin, yaml_text(named->key))};
  return {{Kind::kRemove, below(below(use.plugin, named->key), place.name)}};
}

SpecEdits reset_of_slot(const FormOutline& outline, const FieldPlace& place) {
  const LocalUse use = local_use(outline.own, place);
  if (!use.has_of || !use.node->find(place.name)) return {};
  if (use.node->entries.size() == 2 && use.plugin_node)
    return {set(place.path, spec::in_flow(*use.plugin_node))};
  return {{Kind::kRemove, below(place.path, place.name)}};
}

}  // namespace

std::string edited(std::string text, const SpecEdits& edits, const std::string& name) {
  for (const SpecEdit& edit : edits) {
    switch (edit.kind) {
      case Kind::kSet:
        text = spec::set_value(text, edit.path, edit.value, name);
        break;
      case Kind::kInsert:
        text = spec::insert_item(text, edit.path, edit.value, name);
        break;
      case Kind::kRemove:
        text = spec::remove_value(text, edit.path, name);
        break;
    }
  }
  return text;
}

SpecEdits set_field(const FormOutline& outline, const FormField& field, const std::string& text) {
  if (text == field.value) return {};
  if (text == field.otherwise) return reset_field(outline, field);
  if (const std::string problem = value_problem(field.info, text); !problem.empty())
    throw ConfigError(in_backticks(field.key) + " " + problem);
  const std::string yaml = field_yaml(field.info, text);
  switch (field.place.kind) {
    case FieldPlace::Kind::kValue:
      return {set(field.place.path, yaml)};
    case FieldPlace::Kind::kPlugin:
      return set_plugin(outline, field.place, yaml);
    case FieldPlace::Kind::kParameter:
      return set_parameter(outline, field.place, yaml);
    case FieldPlace::Kind::kOfSlot:
      return set_of_slot(outline, field.place, yaml);
  }
  return {};
}

SpecEdits reset_field(const FormOutline& outline, const FormField& field) {
  if (field.origin != Origin::kHere) return {};
  switch (field.place.kind) {
    case FieldPlace::Kind::kValue:
    case FieldPlace::Kind::kPlugin:
      if (!value_at(outline.own, field.place.path)) return {};
      return {removal(outline, field.place.path)};
    case FieldPlace::Kind::kParameter:
      return reset_parameter(outline, field.place);
    case FieldPlace::Kind::kOfSlot:
      return reset_of_slot(outline, field.place);
  }
  return {};
}

SpecEdits add_environment(const FormOutline& outline, const std::string& name,
                          const std::string& plugin) {
  if (!is_name(name) || equal_without_case(name, "none"))
    throw ConfigError("The name of an environment must be " + std::string(kNameRule) + ", but is " +
                      in_backticks(name) + ".");
  const Entry* declared = outline.merged->find("environments");
  if (declared && declared->value->find(name))
    throw ConfigError("An environment " + in_backticks(name) + " is declared already.");
  return {set({"environments", name}, yaml_text(plugin))};
}

SpecEdits remove_environment(const FormOutline& outline, const std::string& name) {
  if (!value_at(outline.own, {"environments", name}))
    throw ConfigError("The environment " + in_backticks(name) +
                      " is declared in a file that this spec extends, so it stays.");
  return {removal(outline, {"environments", name})};
}

}  // namespace lea::gui
