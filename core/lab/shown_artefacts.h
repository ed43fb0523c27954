// What the plugins of a spec would compute for its artefacts, as examples for people, before
// anything is made: the prompts that a language model is sent.
#pragma once

#include <cstdint>
#include <functional>
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
  int64_t limit = 1;                     // examples of each plugin
  std::function<bool()> cancelled = {};  // asked several times a second; true ends it
};

// For each different plugin with artefacts that runs of the experiment need, in their order. Throws
// DataError when the lab lacks a data set, PluginError when a plugin crashes, and Error(kInterrupted)
// when it was cancelled.
std::vector<ShownPlugin> show_artefacts(const ShowOptions& options,
                                        const spec::Experiment& experiment,
                                        const spec::PluginCatalogue& catalogue);

// What `lealab artefacts prompts` prints: the examples of each plugin below its name, which says in what
// it differs from the others of that name. `problems` gets a line for each plugin that cannot show any.
std::string text_of(const std::vector<ShownPlugin>& plugins, std::string* problems);

}  // namespace lea::lab
