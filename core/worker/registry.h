// The plugins that this process can load. Loading is lazy: the manifest of every library in the
// folders is read from its file, and only the library that holds a wanted id is checked, copied,
// loaded and asked to register. Nothing is ever unloaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/plugin.h"
#include "core/base/plugin_folders.h"

namespace lea::worker {

// What a run records of each plugin that it used.
struct LoadedPlugin {
  std::string kind, id, version, sha256, file;
};

class Registry {
 public:
  // Folders in order: bundled, user, --plugin-dir. Missing folders are skipped; world-writable ones
  // and ones of another owner are refused with a warning on stderr.
  explicit Registry(std::vector<std::string> folders);

  // The entry of a full id. Throws PluginError: unknown (with the nearest name), provided by two
  // files, refused (why, with both values), failed to load, threw while registering.
  const PluginEntry& get(const std::string& kind, const std::string& id);

  // Every plugin of a kind that the folders hold, sorted by id; libraries that are refused are
  // skipped. For contract suites.
  std::vector<std::string> ids(const std::string& kind);

  std::vector<LoadedPlugin> loaded() const;  // sorted by kind and id

 private:
  struct Impl;
  Impl* impl_;  // never destroyed
};

using lea::plugin_folders;

}  // namespace lea::worker
