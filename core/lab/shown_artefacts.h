// What the plugins of a spec would compute for its artefacts, as examples for people, before
// anything is made: the prompts that a language model is sent.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/spec/experiment.h"
#include "core/spec/plugin_info.h"

namespace lea::lab {

// A plugin with its parameters, on one data set.
struct ShownPlugin {
  std::string plugin_kind, id;
  nlohmann::json params;
  std::string data;                // the data set's name
  std::vector<std::string> lines;  // empty when the plugin shows nothing
  std::string problem;             // why it cannot show anything
  int code = 0;                    // with a problem: its exit code
};

struct ShowOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  int64_t limit = 1;  // examples of each plugin
};

// For each different plugin with artefacts that runs of the experiment need, in their order. Throws
// DataError when the lab lacks a data set, and PluginError when a plugin crashes.
std::vector<ShownPlugin> show_artefacts(const ShowOptions& options,
                                        const spec::Experiment& experiment,
                                        const spec::PluginCatalogue& catalogue);

}  // namespace lea::lab
