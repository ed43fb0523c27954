// The presets: specs that ship with LEA Lab so that other specs extend them by name. They lie in one
// folder, which is found from the place of the running program:
//
//   ../presets                in a build tree (a link to experiments/presets)
//   ../share/lealab/presets   in an installation
#pragma once

#include <string>
#include <vector>

namespace lea::spec {

// Whether a value of `extends` names a preset and not a file: it has no `/` and no `.`.
bool is_preset(const std::string& text);

// The names of the presets, sorted. Empty when this program has no folder of presets.
std::vector<std::string> preset_names();

// The file of a preset. Precondition: `name` is one of preset_names().
std::string preset_path(const std::string& name);

// The folder `variants` beside that of the presets: specs whose bundles are the rows of the paper's
// tables. Empty when there is none.
std::string variants_folder();

}  // namespace lea::spec
