// What a spec states for one cell, before it is checked against declarations: values with their
// places, by section, slot and environment. Axes and overrides change them by a dotted key.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/params.h"
#include "core/spec/yaml.h"

namespace lea::spec {

// The settings of a section, of `prepare`, and of a slot beside its plugin (see fields_of), as they are
// declared. For "" those at the top of a spec that have a simple value: name, seeds and runs. None for
// any other name.
const std::vector<ParamInfo>& declared_settings(const std::string& section);

const std::vector<std::string>& section_names();  // data, split, train, negatives, evaluate
const std::vector<std::string>& slot_names();     // backbone, framework, reward, state, augment
bool is_section(const std::string& name);
bool is_slot(const std::string& name);
// The kind of plugin that fills a slot, such as environment for reward.
std::string kind_of(const std::string& slot);
// The settings that a slot has beside its plugin: combine and project for state; the weights, steps
// and candidates for augment; none for others.
const std::vector<std::string>& fields_of(const std::string& slot);

// What a spec states for a slot or an environment: a plugin by its name, with parameters.
struct UseSetting {
  std::string name = "none";
  Location at;                // of the name
  std::string label;          // empty unless stated
  std::vector<Entry> params;  // of the plugin
  std::vector<Entry> fields;  // of the slot, see fields_of
  bool wrong = false;         // what the spec states has been refused; the errors have the reason
  bool none() const { return name == "none"; }
};

struct Settings {
  std::map<std::string, std::vector<Entry>> sections;
  std::map<std::string, UseSetting> slots;
  std::map<std::string, UseSetting> environments;
};

// Reads the three forms: a name, {name: {parameter: value}}, {of: ..., combine: ...}. `slot` may
// also be "environment". Empty, with the reason in the errors, when `node` has none of these forms.
std::optional<UseSetting> parse_use(const std::string& slot, const NodePtr& node,
                                    const std::string& key, Errors& errors);

// What the top of a spec states, without its grid.
Settings parse_settings(const Node& root, Errors& errors);

// The declared environments that `name` may mean: the one of this name, otherwise all whose names
// differ from it in the case of letters alone.
std::vector<std::string> declared_environments(const Settings& settings, const std::string& name);

// Why `name` means not exactly one declared environment. `meant` are those that it may mean.
std::string not_one_environment(const std::string& name, const std::vector<std::string>& meant);

// "state" for "state.of", and "augment" for "augment.of": these two slots have settings of their own,
// and `of` is the plugin that fills them. Other keys stay as they are: "reward.of" is a parameter of the
// environment that gives the rewards.
std::string slot_named(const std::string& key);

// The key with an environment's name as its declaration spells it: "environments.LE.portion" becomes
// "environments.le.portion" where `le` is declared. Other keys stay as they are.
std::string canonical_key(const Settings& settings, const std::string& key);

// What the settings state for a setting or parameter, such as "train.batch_size" or "framework.gamma".
// Null when they state nothing, and for a slot itself.
const Entry* stated_entry(const Settings& settings, const std::string& key);

// The layer that states the value of `key`, -1 when none does.
int layer_at(const Settings& settings, const std::string& key);

// Assigns a value to a key such as "train.batch_size", "framework", "framework.gamma" or
// "environments.le.portion". False when no key of a spec has this form. Does not check whether the
// section or plugin declares the name.
bool assign(Settings& settings, const std::string& key, const Location& at, const NodePtr& value,
            Errors& errors);

}  // namespace lea::spec
