// The plugin list as `lealab` knows it: every file in the plugin folders, probed in a child
// process.
#pragma once

#include <string>
#include <vector>

#include "core/base/plugin_folders.h"
#include "core/run/stale.h"
#include "core/spec/plugin_info.h"

namespace lea::lab {

enum class PluginState { kEnabled, kFailed, kConflict };
const char* to_string(PluginState state);  // "enabled", "failed" or "conflict"

struct PluginRecord {
  std::string file;
  PluginState state = PluginState::kFailed;
  std::string reason;  // one sentence when not enabled
  std::vector<std::string> warnings;
  std::vector<spec::PluginInfo> plugins;  // what the library registers
  std::string built_with;                 // "g++ 12, LibTorch 2.13.0, API 1.0"
  std::string sha256;
  // The plugins that its manifest lists, also when it is not enabled. There are none when the manifest
  // could not be read.
  std::vector<spec::PluginName> provides;
  bool lasting = true;  // false: the machine ended the probe, which says nothing of the file
};

// {"file", "state", "reason", "warnings", "built_with", "sha256", "provides": [{"kind", "id"}, ...],
//  "plugins": [spec::to_json ...]}
nlohmann::json to_json(const PluginRecord& record);

using lea::plugin_folders;

enum class ProbeCache { kUse, kIgnore };

// Probes every .so in its own child process (30 s at most each), sorted by file. A file whose ids
// another good file provides as well is in conflict, and neither is used. Verdicts are cached in
// $XDG_CACHE_HOME/lealab by path, size, mtime, owner, sha256 and the host's own hash, so a second
// call starts no process, unless the machine had no memory for the first; kIgnore probes again and
// replaces them. Throws Error(kEnvironment) when there is no worker beside this program or no
// process can be started.
std::vector<PluginRecord> probe_plugins(const std::vector<std::string>& folders,
                                        ProbeCache cache = ProbeCache::kUse);

// One file, not looked up in the cache. `seconds` limits it.
PluginRecord probe_file(const std::string& file, double seconds = 30);

// The versions and binaries of the enabled ones, for the rule about stale runs.
run::InstalledPlugins installed_plugins(const std::vector<PluginRecord>& records);

// Returns the libraries that are not enabled.
std::vector<spec::RefusedLibrary> refused_libraries(const std::vector<PluginRecord>& records);

// The enabled ones. The others are named as refused.
spec::PluginCatalogue catalogue_of(const std::vector<PluginRecord>& records);

}  // namespace lea::lab
