// The settings of one cell before they are checked against declarations: located values by section,
// slot and environment. Assigning by a dotted key is how axes and overrides change them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/yaml.h"

namespace lea::spec {

const std::vector<std::string>& section_names();  // data, split, train, negatives, evaluate
const std::vector<std::string>& slot_names();     // backbone, framework, reward, state, augment
bool is_section(const std::string& name);
bool is_slot(const std::string& name);
// The plugin kind that fills a slot, e.g. environment for reward.
std::string kind_of(const std::string& slot);
// The settings of a slot beside its plugin: combine, project of state; the weights of augment.
const std::vector<std::string>& fields_of(const std::string& slot);

// A plugin as a spec names it.
struct UseSetting {
  std::string name = "none";
  Location at;        // of the name
  std::string label;  // empty unless stated
  std::vector<Entry> params;
  std::vector<Entry> fields;  // of state and augment
  bool wrong = false;         // the spec states something that is no plugin use; the errors say so
  bool none() const { return name == "none"; }
};

struct Settings {
  std::map<std::string, std::vector<Entry>> sections;
  std::map<std::string, UseSetting> slots;
  std::map<std::string, UseSetting> environments;
};

// `slot` also may be "environment". Empty, with the reason in `errors`, when `node` is no plugin
// use.
std::optional<UseSetting> parse_use(const std::string& slot, const NodePtr& node,
                                    const std::string& key, Errors& errors);

// What stands at the top of a spec, without its grid.
Settings parse_settings(const Node& root, Errors& errors);

// The layer of the value at `key`, -1 when nothing is stated there.
int layer_at(const Settings& settings, const std::string& key);

// Assigns at "train.batch_size", "framework", "framework.gamma", "environments.le.portion". False
// when there is no such place; whether a section or plugin declares the name is checked later.
bool assign(Settings& settings, const std::string& key, const Location& at, const NodePtr& value,
            Errors& errors);

}  // namespace lea::spec
