// The plugins that this process can load. Loading is lazy: the registry reads the manifest of each
// library in the folders from its file, and loads a library only when a plugin in it is wanted.
// Nothing is ever unloaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/plugin.h"
#include "core/base/plugin_folders.h"

namespace lea::worker {

// The facts that a run records about a plugin that it used.
struct LoadedPlugin {
  std::string kind, id, version, sha256, file;
};

class Registry {
 public:
  // The folders in order: the bundled one, the user's, those of --plugin-dir. A missing folder is
  // skipped. A folder that is world-writable or has another owner is refused with a warning on
  // stderr.
  explicit Registry(std::vector<std::string> folders);

  // The entry of a plugin by its full id, loaded if necessary. Throws PluginError when no file
  // provides it (the message names the nearest id and the refused files), when two files provide
  // it, when its file is refused or cannot be loaded, and when it throws while it registers.
  const PluginEntry& get(const std::string& kind, const std::string& id);

  // The ids of a kind that exactly one file in the folders provides, sorted. Refused libraries are
  // skipped. The contract suites find the plugins with it.
  std::vector<std::string> ids(const std::string& kind);

  // The plugins of the libraries that were loaded so far, sorted by kind and id.
  std::vector<LoadedPlugin> loaded() const;

 private:
  struct Impl;
  Impl* impl_;  // never destroyed
};

using lea::plugin_folders;

}  // namespace lea::worker
