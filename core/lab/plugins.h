// The plugin list as `lealab` knows it: every file in the plugin folders, probed in a child process.
#pragma once

#include <string>
#include <vector>

#include "core/spec/plugin_info.h"

namespace lea::lab {

enum class PluginState { kEnabled, kFailed, kConflict };

struct PluginRecord {
  std::string file;
  PluginState state = PluginState::kFailed;
  std::string reason;                      // one sentence when not enabled
  std::vector<std::string> warnings;
  std::vector<spec::PluginInfo> plugins;   // what the library registers
  std::string built_with;                  // "g++ 12, LibTorch 2.13.0, API 1.0"
  std::string sha256;
};

// Bundled, user ($XDG_DATA_HOME/lealab/plugins), then `extra`; see plugin-rules in docs/plugins.md.
std::vector<std::string> plugin_folders(const std::vector<std::string>& extra);

// Probes every .so (30 s at most each), sorted by file. Verdicts are cached in $XDG_CACHE_HOME/lealab by
// path, size, mtime, sha256 and the worker's own hash, so a second call starts no process.
std::vector<PluginRecord> probe_plugins(const std::vector<std::string>& folders);

// The enabled ones.
spec::PluginCatalogue catalogue_of(const std::vector<PluginRecord>& records);

}  // namespace lea::lab
