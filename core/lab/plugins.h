// The plugin list as `lealab` knows it: every file in the plugin folders, probed in a child
// process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/plugin_folders.h"
#include "core/run/stale.h"
#include "core/spec/plugin_info.h"

namespace lea::lab {

enum class PluginState { kEnabled, kFailed, kConflict, kDisabled };
const char* to_string(PluginState state);  // "enabled", "failed", "conflict" or "disabled"

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

inline constexpr double kProbeSeconds = 30;

// How far a probe is, for somebody who watches it.
struct ProbeNews {
  // "reading", "loading", "registering", or "PLUGIN at METHOD()"; "" before the first. No code of the
  // plugin runs before "loading", which begins when its ABI tag fits.
  std::string phase;
  std::vector<spec::PluginName> provides;  // what its manifest lists, once that was read
};

struct ProbeWatch {
  double seconds = kProbeSeconds;  // the probe is killed after this time
  std::function<void(const ProbeNews&)> news = {};
  std::function<bool()> cancelled = {};  // asked several times a second; true kills the probe
};

// Probes every .so in its own child process (30 s at most each), sorted by file. A file whose ids
// another good file provides as well is in conflict, and neither is used. A disabled file is not
// probed: what is known of it comes from the cache. Verdicts are cached in
// $XDG_CACHE_HOME/lealab by path, size, mtime, owner, sha256 and the host's own hash, so a second
// call starts no process, unless the machine had no memory for the first; kIgnore probes again and
// replaces them. Throws Error(kEnvironment) when there is no worker beside this program or no
// process can be started, and Error(kInterrupted) when `cancelled` becomes true.
std::vector<PluginRecord> probe_plugins(const std::vector<std::string>& folders,
                                        ProbeCache cache = ProbeCache::kUse,
                                        const std::function<bool()>& cancelled = {});

// One file, not looked up in the cache. `seconds` limits it.
PluginRecord probe_file(const std::string& file, double seconds = kProbeSeconds);
// Throws Error(kInterrupted) when it was cancelled.
PluginRecord probe_file(const std::string& file, const ProbeWatch& watch);

// The same, and the verdict replaces that in the cache.
PluginRecord probe_again(const std::string& file, const std::function<bool()>& cancelled = {});

// The versions and binaries of the enabled ones, for the rule about stale runs.
run::InstalledPlugins installed_plugins(const std::vector<PluginRecord>& records);

// Returns the libraries that are not enabled.
std::vector<spec::RefusedLibrary> refused_libraries(const std::vector<PluginRecord>& records);

// The enabled ones. The others are named as refused.
spec::PluginCatalogue catalogue_of(const std::vector<PluginRecord>& records);

}  // namespace lea::lab
