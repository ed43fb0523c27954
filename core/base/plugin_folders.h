// Where plugins are looked for. One answer for the program that lists them and the one that loads
// them.
#pragma once

#include <string>
#include <vector>

namespace lea {

// The bundled folder beside this executable (build tree ../plugins, else ../lib/lealab/plugins),
// then $XDG_DATA_HOME/lealab/plugins (default ~/.local/share), then `extra`. Never the current
// folder and never a spec's. The user's folder is left out when the program runs with more rights
// than its user has.
std::vector<std::string> plugin_folders(const std::vector<std::string>& extra);

// Every .so in the folders, whatever it is, sorted by path. Missing folders are skipped;
// world-writable ones and those of another user (not root) are left out with a warning on stderr.
std::vector<std::string> plugin_files(const std::vector<std::string>& folders);

}  // namespace lea
