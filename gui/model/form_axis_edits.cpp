// Edits of the lists of a form: axes, seeds and presets.
#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/grid.h"
#include "core/spec/run_spec.h"
#include "gui/model/form_edits.h"

namespace lea::gui {
namespace {

using spec::NodePtr;
using spec::Path;
using Kind = SpecEdit::Kind;

SpecEdit set(Path path, std::string value) {
  return {Kind::kSet, std::move(path), std::move(value)};
}

Path path_of(const FormAxis& axis) {
  if (axis.kind == FormAxis::Kind::kSeeds || axis.kind == FormAxis::Kind::kPresets)
    return {axis.key};
  return {"grid", axis.key};
}

void require_free(const FormAxis& axis) {
  if (!axis.fixed.empty()) throw ConfigError(axis.fixed);
}

std::string list_of(const std::vector<std::string>& items) { return bracketed(joined(items)); }

std::vector<std::string> checked_items(const FormAxis& axis) {
  std::vector<std::string> items;
  for (const AxisItem& item : axis.items) {
    if (item.checked) items.push_back(item.yaml);
  }
  return items;
}

// A list that a file below states becomes one of the text, because lists are not merged.
SpecEdits state_list(const FormOutline& outline, const FormAxis& axis) {
  const NodePtr merged = value_at(outline.merged, path_of(axis));
  if (!merged || value_at(outline.own, path_of(axis))) return {};
  return {set(path_of(axis), spec::in_flow(*merged))};
}

// Removes the list, and `grid` when it holds nothing else.
SpecEdits drop_list(const FormOutline& outline, const FormAxis& axis) {
  Path path = path_of(axis);
  if (!value_at(outline.own, path))
    throw ConfigError(in_backticks(axis.key) + " is stated in " + axis.from +
                      ", which this spec extends. Choose at least one value.");
  const NodePtr grid = value_at(outline.own, {"grid"});
  if (path.size() > 1 && grid && grid->entries.size() == 1) path.pop_back();
  return {{Kind::kRemove, path}};
}

SpecEdits add_to_list(const FormOutline& outline, const FormAxis& axis, const std::string& yaml) {
  SpecEdits edits = state_list(outline, axis);
  Path path = path_of(axis);
  path.emplace_back(axis.checked());
  edits.push_back({Kind::kInsert, path, yaml});
  return edits;
}

SpecEdits take_from_list(const FormOutline& outline, const FormAxis& axis, const AxisItem& item) {
  if (axis.checked() == 1) return drop_list(outline, axis);
  SpecEdits edits = state_list(outline, axis);
  Path path = path_of(axis);
  path.emplace_back(item.index);
  edits.push_back({Kind::kRemove, path});
  return edits;
}

// `extends` may be a name or a list of names.
SpecEdits set_presets(const FormAxis& axis, const std::vector<std::string>& items) {
  if (items.empty()) return {{Kind::kRemove, {axis.key}}};
  return {set({axis.key}, items.size() == 1 ? items[0] : list_of(items))};
}

SpecEdits check_preset(const FormOutline& outline, const FormAxis& axis, const AxisItem& item,
                       bool checked) {
  const NodePtr stated = value_at(outline.own, {axis.key});
  if (stated && stated->is_list())
    return checked ? add_to_list(outline, axis, item.yaml) : take_from_list(outline, axis, item);
  std::vector<std::string> items = checked_items(axis);
  if (checked) items.push_back(item.yaml);
  if (!checked) std::erase(items, item.yaml);
  return set_presets(axis, items);
}

// A slot with one value for all cells becomes an axis when it gets a second one.
SpecEdits check_slot(const FormOutline& outline, const FormAxis& axis, const AxisItem& item,
                     bool checked) {
  if (axis.on_grid)
    return checked ? add_to_list(outline, axis, item.yaml) : take_from_list(outline, axis, item);
  if (checked) {
    std::vector<std::string> items = checked_items(axis);
    items.push_back(item.yaml);
    return {set(path_of(axis), list_of(items))};
  }
  if (axis.origin == Origin::kHere) return {{Kind::kRemove, {axis.key}}};
  const bool may_be_empty = axis.key != "backbone" && axis.key != "framework";
  if (!may_be_empty)
    throw ConfigError(in_backticks(axis.key) + " is stated in " + axis.from +
                      ", which this spec extends. Choose another one beside it.");
  return {set({axis.key}, "none")};
}

// What a bundle names must be declared.
SpecEdits with_environments(const FormOutline& outline, const AxisItem& item, const Facts& facts,
                            SpecEdits edits) {
  for (const LibraryBundle& bundle : facts.bundles) {
    if (bundle.name != item.text || bundle.file != item.from) continue;
    for (const auto& [name, yaml] : bundle.environments) {
      if (!value_at(outline.merged, {"environments", name}))
        edits.push_back(set({"environments", name}, yaml));
    }
  }
  return edits;
}

}  // namespace

SpecEdits check_item(const FormOutline& outline, const FormAxis& axis, const AxisItem& item,
                     bool checked, const Facts& facts) {
  require_free(axis);
  if (checked == item.checked) return {};
  switch (axis.kind) {
    case FormAxis::Kind::kPresets:
      return check_preset(outline, axis, item, checked);
    case FormAxis::Kind::kSlot:
      return check_slot(outline, axis, item, checked);
    case FormAxis::Kind::kVariant:
      if (checked)
        return with_environments(outline, item, facts, add_to_list(outline, axis, item.yaml));
      break;
    default:
      break;
  }
  return checked ? add_to_list(outline, axis, item.yaml) : take_from_list(outline, axis, item);
}

SpecEdits add_value(const FormOutline& outline, const FormAxis& axis, const std::string& text) {
  require_free(axis);
  if (axis.kind == FormAxis::Kind::kVariant) {
    const std::string name = text;
    return add_to_list(outline, axis, braced(spec::key_in_flow(name) + ": {}"));
  }
  if (axis.kind == FormAxis::Kind::kPresets) {
    AxisItem item;
    item.yaml = yaml_text(text);
    return check_preset(outline, axis, item, /*checked=*/true);
  }
  if (axis.kind == FormAxis::Kind::kSlot) {
    AxisItem item;
    item.yaml = text.starts_with('{') ? text : yaml_text(text);
    return check_slot(outline, axis, item, /*checked=*/true);
  }
  ParamInfo one = axis.info;  // the declaration of seeds is that of their list
  if (axis.kind == FormAxis::Kind::kSeeds) one.type = ParamType::kInteger;
  if (!one.name.empty()) {
    if (const std::string problem = value_problem(one, text); !problem.empty())
      throw ConfigError(in_backticks(axis.key) + " " + problem);
  }
  return add_to_list(outline, axis, one.name.empty() ? text : field_yaml(one, text));
}

SpecEdits add_again(const FormOutline& outline, const FormAxis& axis, const AxisItem& item) {
  require_free(axis);
  spec::Errors ignored;
  const Path path = axis.on_grid ? Path{"grid", axis.key, item.index} : Path{axis.key};
  const NodePtr node = value_at(outline.merged, path);
  const auto use = node ? spec::parse_use(axis.key, node, axis.key, ignored) : std::nullopt;
  if (!use || use->none()) throw ConfigError("Choose a plugin of the list first.");
  int number = 2;
  const auto taken = [&](const std::string& label) {
    return std::any_of(axis.items.begin(), axis.items.end(),
                       [&](const AxisItem& other) { return other.text == label; });
  };
  while (taken(use->name + " " + std::to_string(number))) ++number;
  AxisItem again;
  const std::string label = use->name + " " + std::to_string(number);
  again.yaml = braced(spec::key_in_flow(use->name) + ": {}, label: " + yaml_text(label));
  return check_slot(outline, axis, again, /*checked=*/true);
}

SpecEdits add_axis(const FormOutline& outline, const FormField& field) {
  if (field.axis.empty() || value_at(outline.merged, {"grid", field.axis}))
    throw ConfigError(in_backticks(field.key) + " cannot be an axis, or is one already.");
  if (field.value.empty())
    throw ConfigError(in_backticks(field.key) + " has no value yet. State one first.");
  return {set({"grid", field.axis}, bracketed(field_yaml(field.info, field.value)))};
}

SpecEdits remove_axis(const FormOutline& outline, const FormAxis& axis) {
  require_free(axis);
  if (!axis.on_grid) return {};
  return drop_list(outline, axis);
}

}  // namespace lea::gui
