#include "core/worker/registry.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

#include "core/spec/error.h"
#include "core/spec/text.h"
#include "core/worker/library.h"

namespace lea::worker {
namespace {

namespace fs = std::filesystem;

using Key = std::pair<std::string, std::string>;  // kind, id

// The .so files of the folders, sorted by path, so that the order is the same everywhere.
std::vector<std::string> library_files(const std::vector<std::string>& folders) {
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    struct stat facts {};
    if (stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) continue;
    const bool foreign = facts.st_uid != 0 && facts.st_uid != geteuid();
    if (foreign || (facts.st_mode & S_IWOTH) != 0) {
      std::fprintf(stderr, "warning: plugin folder %s is left out: %s\n", folder.c_str(),
                   foreign ? "it belongs to another user."
                           : "any user may write to it. Run chmod o-w on it.");
      continue;
    }
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      if (it->path().extension() == ".so") files.push_back(it->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

std::string in_words(const Key& key) { return key.first + " " + printable(key.second); }

}  // namespace

struct Registry::Impl {
  struct Refused {
    std::string path, reason;
  };

  explicit Impl(std::vector<std::string> given) : folders(std::move(given)) {}

  void scan();
  const PluginFile& file_of(const Key& key);
  [[noreturn]] void refuse_unknown(const Key& key) const;
  void load(const PluginFile& file);

  std::vector<std::string> folders;
  std::recursive_mutex mutex;  // a wrapper's factory may ask for the environment that it wraps
  bool scanned = false;
  std::vector<PluginFile> files;
  std::vector<Refused> refused;
  std::map<Key, std::vector<size_t>> providers;  // indices into `files`
  std::map<Key, PluginEntry> entries;
  std::map<std::string, LoadedPlugin> loaded;  // by id
};

void Registry::Impl::scan() {
  if (scanned) return;
  scanned = true;
  for (const std::string& path : library_files(folders)) {
    try {
      PluginFile file = read_plugin_file(path);
      check_abi_tag(file.tag, path);
      for (const Provided& one : file.provides)
        providers[{one.kind, one.id}].push_back(files.size());
      files.push_back(std::move(file));
    } catch (const Error& error) {
      refused.push_back({path, error.what()});
    }
  }
}

void Registry::Impl::refuse_unknown(const Key& key) const {
  std::vector<std::string> known;
  for (const auto& [other, unused] : providers) {
    if (other.first == key.first) known.push_back(other.second);
  }
  std::string message = "no plugin provides " + in_words(key) + did_you_mean(key.second, known);
  message += " Folders:";
  for (const std::string& folder : folders) message += " " + folder;
  if (folders.empty()) message += " none";
  message += ".";
  for (const Refused& one : refused) message += "\n  refused: " + one.reason;
  throw PluginError(message);
}

const PluginFile& Registry::Impl::file_of(const Key& key) {
  scan();
  const auto found = providers.find(key);
  if (found == providers.end()) refuse_unknown(key);
  if (found->second.size() > 1) {
    throw PluginError(in_words(key) + " is provided by two files, so neither is used: " +
                      files[found->second[0]].path + " and " + files[found->second[1]].path +
                      ". Remove one of them.");
  }
  return files[found->second[0]];
}

void Registry::Impl::load(const PluginFile& file) {
  for (PluginEntry& entry : load_plugin(file)) {
    loaded[entry.id] = {entry.id, entry.version, file.sha256, file.path};
    entries[{entry.kind, entry.id}] = std::move(entry);
  }
}

Registry::Registry(std::vector<std::string> folders) : impl_(new Impl(std::move(folders))) {}

Registry::~Registry() = default;

const PluginEntry& Registry::get(const std::string& kind, const std::string& id) {
  const std::lock_guard lock(impl_->mutex);
  const Key key{kind, id};
  const PluginFile& file = impl_->file_of(key);
  if (!impl_->entries.contains(key)) impl_->load(file);
  return impl_->entries.at(key);
}

std::vector<std::string> Registry::ids(const std::string& kind) {
  const std::lock_guard lock(impl_->mutex);
  impl_->scan();
  std::vector<std::string> ids;
  for (const auto& [key, files] : impl_->providers) {
    if (key.first == kind && files.size() == 1) ids.push_back(key.second);
  }
  return ids;
}

std::vector<LoadedPlugin> Registry::loaded() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<LoadedPlugin> loaded;
  for (const auto& [id, plugin] : impl_->loaded) loaded.push_back(plugin);
  return loaded;
}

std::vector<std::string> plugin_folders(const std::vector<std::string>& extra) {
  std::vector<std::string> folders;
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const char* bundled : {"../plugins", "../lib/lealab/plugins"}) {
    const fs::path folder = (here / bundled).lexically_normal();
    if (!failed && fs::is_directory(folder)) {
      folders.push_back(folder.string());
      break;
    }
  }
  // A program that runs with more rights than its user must not load what that user wrote.
  if (geteuid() == getuid()) {
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    if (data != nullptr && data[0] == '/') {
      folders.push_back(std::string(data) + "/lealab/plugins");
    } else if (home != nullptr && home[0] == '/') {
      folders.push_back(std::string(home) + "/.local/share/lealab/plugins");
    }
  }
  folders.insert(folders.end(), extra.begin(), extra.end());
  return folders;
}

}  // namespace lea::worker
