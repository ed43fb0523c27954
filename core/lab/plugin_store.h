// Changes of what is installed: `lealab plugins install | remove | enable | disable`, and the same in
// the window. A file is copied and probed before it is installed, and gets its name in one step.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/lab/plugins.h"

namespace lea::lab {

// Where a plugin file lies.
enum class PluginPlace {
  kBundled,  // part of the installation
  kUser,     // in the folder of this user, where `install` puts plugins
  kNamed,    // in a folder of --plugin-dir
};
PluginPlace place_of(const std::string& file);
const char* to_string(PluginPlace place);  // "bundled", "installed by you" or "--plugin-dir"

// A copy of a plugin file, in a folder that only this user can enter. What is probed is the copy, and
// it is what is installed later, whatever becomes of the source.
class StagedPlugin {
 public:
  // Throws PluginError for what cannot be a plugin: a folder, a device, a file that is empty, too
  // large or cannot be read. Throws StoreError when there is no room, and Error(kInterrupted) when
  // `cancelled` becomes true. Whatever is thrown, no copy stays.
  explicit StagedPlugin(const std::string& source, const std::function<bool()>& cancelled = {});
  ~StagedPlugin() { remove(); }
  StagedPlugin(const StagedPlugin&) = delete;
  StagedPlugin& operator=(const StagedPlugin&) = delete;

  const std::string& source() const { return source_; }
  const std::string& path() const { return path_; }
  const std::string& sha256() const { return sha256_; }
  int64_t bytes() const { return bytes_; }

  // The record names the source, not the copy. Throws as probe_file does.
  PluginRecord probe(const ProbeWatch& watch = {}) const;
  // Removes the copy now.
  void remove();

 private:
  void copy(int from, const std::function<bool()>& cancelled);

  std::string source_, folder_, path_, sha256_;
  int64_t bytes_ = 0;
};

// A plugin that another one takes the place of.
struct ReplacedPlugin {
  std::string kind, id;
  std::string version;  // empty when unknown
  std::string file;
  bool operator==(const ReplacedPlugin&) const = default;
};

// What installing a file would do.
struct InstallPlan {
  std::string target;                    // the path that it gets
  std::vector<ReplacedPlugin> replaces;  // whose files, all of this user, are removed
  std::string renamed;                   // why the target has another name than the file; or empty
  std::string obstacle;                  // why it cannot be installed; or empty
  bool operator==(const InstallPlan&) const = default;
};

// `staged` is the record of a good file, and `installed` what probe_plugins finds.
InstallPlan plan_install(const PluginRecord& staged, const std::vector<PluginRecord>& installed);

// Does it. Throws PluginError for an obstacle, and StoreError when the folder cannot be written.
void install_plugin(const StagedPlugin& staged, const InstallPlan& plan);

// Removes a file of this user. Throws PluginError for a file that is not in the user's folder.
void remove_plugin(const std::string& file);

// The record whose file or plugin has this name: a path, a file name, an id, or the last part of one.
// Throws UsageError when there is none, or several.
const PluginRecord& find_plugin_file(const std::vector<PluginRecord>& records,
                                     const std::string& name);

}  // namespace lea::lab
