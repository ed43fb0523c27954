// What a spec names that other parts of it can refer to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/spec/yaml.h"

namespace lea::gui {

struct SpecOutline {
  std::map<std::string, std::string> environments;  // those that are declared: the plugin of each
  std::map<std::string, std::vector<std::string>> axes;  // the labels of the values of each axis
  // The plugins that are named for each slot, by the names that the spec gives them.
  std::map<std::string, std::vector<std::string>> plugins;
};

// Of the spec at `path` with all that it extends. Empty, and `parsed` false, when it does not parse.
SpecOutline outline_of(const std::string& path, const spec::Buffers& buffers, bool* parsed);

}  // namespace lea::gui
