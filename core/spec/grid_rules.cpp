// How a grid reads `exclude`, `include` and `overrides`.
#include <algorithm>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/grid.h"
#include "core/spec/keys.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

bool is_list_of_maps(const Node& node, const std::string& key, const std::string& example,
                     Errors& errors) {
  const bool fits =
      node.is_list() && std::all_of(node.items.begin(), node.items.end(),
                                    [](const NodePtr& item) { return item->is_map(); });
  if (!fits) errors.add(node.at, key, "must be a list of maps, such as " + example);
  return fits;
}

std::vector<NodePtr> one_or_many(const NodePtr& node) {
  return node->is_list() ? node->items : std::vector<NodePtr>{node};
}

void no_such_value(const Axis& axis, const Node& node, const std::string& key, Errors& errors) {
  std::vector<std::string> labels;
  for (const AxisValue& value : axis.values) labels.push_back(value.label);
  const std::string text = stated_label(node);
  errors.add(node.at, key,
             in_backticks(text) + " is no value of this axis" + did_you_mean(text, labels) +
                 " (it has: " + printable(joined(labels)) + ")");
}

}  // namespace

// A value is found by its content or by its label. The case of letters in the label of a plugin or a
// bundle counts only where two labels differ in nothing else.
int Grid::find_value(const Axis& axis, const Node& node) {
  const nlohmann::json wanted = plain_json(node);
  std::vector<std::string> labels;
  for (size_t i = 0; i < axis.values.size(); ++i) {
    const AxisValue& value = axis.values[i];
    if (plain_json(*value.node) == wanted) return static_cast<int>(i);
    if (node.is_scalar() && value.label == node.text) return static_cast<int>(i);
    labels.push_back(value.label);
  }
  if (!node.is_scalar() || (!axis.is_plugin && !axis.is_bundle)) return -1;
  const std::vector<std::string> meant = meanings(node.text, labels);
  if (meant.size() != 1) return -1;
  return static_cast<int>(std::find(labels.begin(), labels.end(), meant[0]) - labels.begin());
}

Axis* Grid::find_axis(const Entry& entry, const std::string& key) {
  std::vector<std::string> keys;
  for (Axis& axis : axes_) {
    if (axis.key == entry.key) return &axis;
    keys.push_back(axis.key);
  }
  errors_.add(entry.at, key,
              in_backticks(entry.key) + " is no axis of this grid" + did_you_mean(entry.key, keys) +
                  " (it has: " + joined(keys) + ")");
  return nullptr;
}

bool Grid::read_pattern(const Node& node, const std::string& key, Pattern* pattern) {
  bool good = !node.entries.empty();
  if (!good) errors_.add(node.at, key, "must name at least one axis");
  for (const Entry& entry : node.entries) {
    const Axis* axis = find_axis(entry, key);
    good = good && axis;
    if (!axis) continue;
    std::vector<int>& matches = pattern->values[static_cast<size_t>(axis - axes_.data())];
    for (const NodePtr& value : one_or_many(entry.value)) {
      const size_t before = matches.size();
      // The name of a plugin means every value on the axis that uses it, whatever its parameters.
      for (size_t i = 0; value->is_scalar() && i < axis->values.size(); ++i) {
        if (axis->is_plugin && equal_without_case(axis->values[i].use.name, value->text)) {
          matches.push_back(static_cast<int>(i));
        }
      }
      if (matches.size() > before) continue;
      matches.push_back(find_value(*axis, *value));
      if (matches.back() >= 0) continue;
      good = false;
      no_such_value(*axis, *value, key + "." + entry.key, errors_);
    }
  }
  return good;
}

void Grid::read_exclude(const Node& node) {
  const std::string key = "grid.exclude";
  if (!is_list_of_maps(node, key, "[{backbone: sasrec, framework: sa2c}]", errors_)) return;
  for (size_t i = 0; i < node.items.size(); ++i) {
    Pattern pattern;
    if (read_pattern(*node.items[i], numbered(key, i), &pattern)) exclude_.push_back(pattern);
  }
}

void Grid::read_include(const Node& node) {
  const std::string key = "grid.include";
  if (!is_list_of_maps(node, key, "[{backbone: sasrec, framework: {snqn: {gamma: 0}}}]", errors_)) {
    return;
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    Cell cell(axes_.size(), -1);
    bool good = !node.items[i]->entries.empty();
    if (!good) errors_.add(node.items[i]->at, numbered(key, i), "must name at least one axis");
    for (const Entry& entry : node.items[i]->entries) {
      const std::string value_key = numbered(key, i) + "." + entry.key;
      Axis* axis = find_axis(entry, numbered(key, i));
      good = good && axis;
      if (!axis) continue;
      int found = find_value(*axis, *entry.value);
      if (found < 0 && axis->is_bundle && entry.value->is_scalar()) {
        no_such_value(*axis, *entry.value, value_key, errors_);
        good = false;
        continue;
      }
      if (found < 0 && add_value(*axis, entry.value, value_key)) {
        found = static_cast<int>(axis->values.size()) - 1;
      }
      good = good && found >= 0;
      cell[static_cast<size_t>(axis - axes_.data())] = found;
    }
    if (good) include_.push_back(cell);
  }
  for (Axis& axis : axes_) {
    label_values(axis);
    check_values(axis);
  }
}

void Grid::read_rules(const Node& node) {
  const std::string key = "overrides";
  if (!is_list_of_maps(node, key, "[{when: {framework: sa2c}, set: {train.patience: 3}}]",
                       errors_)) {
    return;
  }
  const std::vector<std::string> keys = names_of(rule_keys());
  for (const NodePtr& item : node.items) {
    Rule rule;
    const Entry* set = item->find("set");
    for (const Entry& entry : item->entries) {
      if (entry.key == "when") {
        read_when(*entry.value, &rule);
      } else if (entry.key == "set") {
        read_set(*entry.value, &rule);
      } else {
        errors_.add(entry.at, key,
                    "unknown key " + in_backticks(entry.key) + did_you_mean(entry.key, keys) +
                        " (allowed: " + joined(keys) + ")");
      }
    }
    if (!set) errors_.add(item->at, key, "lacks `set`, the values that it assigns");
    rules_.push_back(std::move(rule));
  }
}

void Grid::read_when(const Node& node, Rule* rule) {
  const std::string key = "overrides.when";
  if (!node.is_map()) {
    errors_.add(node.at, key, "must be a map, such as {framework: [snqn, sa2c]}");
    return;
  }
  for (const Entry& entry : node.entries) {
    if (!is_slot(entry.key)) {
      errors_.add(entry.at, key,
                  "unknown slot " + in_backticks(entry.key) +
                      did_you_mean(entry.key, slot_names()) + " (allowed: " + joined(slot_names()) +
                      ")");
      continue;
    }
    Rule::Condition condition{entry.key, {}};
    for (const NodePtr& name : one_or_many(entry.value)) {
      if (!name->is_scalar()) {
        errors_.add(name->at, key + "." + entry.key, "must be a plugin's name, or a list of names");
        continue;
      }
      condition.ids.push_back(equal_without_case(name->text, "none")
                                  ? "none"
                                  : resolver_.id_of(defaults_, kind_of(entry.key), name->text,
                                                    name->at, key + "." + entry.key));
    }
    rule->when.push_back(std::move(condition));
  }
}

void Grid::read_set(const Node& node, Rule* rule) {
  const std::string key = "overrides.set";
  if (!node.is_map()) {
    errors_.add(node.at, key, "must be a map, such as {train.patience: 3}");
    return;
  }
  for (const Entry& entry : node.entries) {
    if (known_key(entry.key, entry.at, key + "." + entry.key)) rule->set.push_back(entry);
  }
}

}  // namespace lea::spec
