// The folders that hold plugins, and the list of files in them that are disabled, for the program
// that lists plugins and the one that loads them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace lea {

// A plugin with more bytes than this is refused.
inline constexpr int64_t kPluginBytes = int64_t{512} << 20;

// The folders in the order of the search:
//   bundled   relative to the executable's folder: ../plugins (build tree) if it exists, otherwise
//             ../lib/lealab/plugins
//   user      user_plugin_folder()
//   extra     as given
//
// Neither the current folder nor the folder of a spec is searched.
std::vector<std::string> plugin_folders(const std::vector<std::string>& extra);

// $XDG_DATA_HOME/lealab/plugins, where XDG_DATA_HOME defaults to ~/.local/share. It may not exist.
// Empty when neither is known, and when the program runs with more rights than its user has.
std::string user_plugin_folder();

// The files in plugin folders that are not used, and why.
struct LeftOutPlugins {
  std::map<std::string, std::string> refused;  // by file: what is wrong with its folder
  std::set<std::string> disabled;
};

// Every file with the ending .so in the folders, sorted by path. Missing folders are skipped, and so
// are disabled files. Folders that any user may write to, that belong to another user (not root), or
// that cannot be read are left out with a warning on stderr. `left_out` gets the files of both.
std::vector<std::string> plugin_files(const std::vector<std::string>& folders,
                                      LeftOutPlugins* left_out = nullptr);

// The file that lists the disabled plugins, one path a line: $XDG_CONFIG_HOME/lealab/disabled_plugins,
// where XDG_CONFIG_HOME defaults to ~/.config. Lines that begin with # are comments. Empty as
// user_plugin_folder.
std::string disabled_plugins_file();

// Adds a file of a plugin folder to the list, or removes it. All other lines stay as they are, also
// those of files that are not there. Throws StoreError.
void set_plugin_disabled(const std::string& file, bool disabled);

}  // namespace lea
