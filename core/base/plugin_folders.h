// The folders that hold plugins, for the program that lists plugins and the one that loads them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace lea {

// The folders in the order of the search:
//   bundled   relative to the executable's folder: ../plugins (build tree) if it exists, otherwise
//             ../lib/lealab/plugins
//   user      $XDG_DATA_HOME/lealab/plugins, where XDG_DATA_HOME defaults to ~/.local/share
//   extra     as given
//
// Neither the current folder nor the folder of a spec is searched. The user's folder is left out
// when the program runs with more rights than its user has.
std::vector<std::string> plugin_folders(const std::vector<std::string>& extra);

// Every file with the ending .so in the folders, sorted by path. Missing folders are skipped.
// Folders that any user may write to, that belong to another user (not root), or that cannot be read
// are left out with a warning on stderr; `left_out` then gets their files, and why.
std::vector<std::string> plugin_files(const std::vector<std::string>& folders,
                                      std::map<std::string, std::string>* left_out = nullptr);

}  // namespace lea
