// The label of a cell on an axis that gives it no value: an entry of `include` did not name the axis,
// so the cell has what the top of the spec states, or a default.
#pragma once

#include <string>

#include "core/spec/resolver.h"

namespace lea::spec {

// What was resolved for `axis`: for a slot the label or name that the spec states, otherwise the last
// part of the plugin's id, and "none" for an empty slot; for a setting or a parameter, also one of a
// declared environment, its value. It is "default" for an axis of bundles, and for what the run does
// not have. `plugins` are those with which the run was resolved.
std::string default_label(const std::string& axis, const Settings& settings,
                          const Resolved& resolved, const PluginCatalogue& plugins);

// A setting or a parameter of a slot, by its dotted key, in the canonical document of a run. Null when
// the document does not have it.
const nlohmann::json* resolved_value(const nlohmann::json& document, const std::string& key);

// A resolved value as a label: text without quotes, and the path of a file.
std::string value_label(const nlohmann::json& value);

// A stated value as a label: `1e-3` as it is written, a list or a map as JSON.
std::string stated_label(const Node& node);

}  // namespace lea::spec
