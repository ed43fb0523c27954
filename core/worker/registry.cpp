#include "core/worker/registry.h"

#include <deque>
#include <map>
#include <mutex>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/worker/library.h"

namespace lea::worker {
namespace {

using Key = std::pair<std::string, std::string>;  // kind, id

std::string in_words(const Key& key) { return key.first + " " + printable(key.second); }

}  // namespace

struct Registry::Impl {
  struct Refused {
    std::string path, reason;
  };

  explicit Impl(std::vector<std::string> given) : folders(std::move(given)) {}

  // The object is never destroyed, because no plugin's destructor may run at exit.
  static Impl* make(std::vector<std::string> folders);

  void scan();
  const PluginFile& file_of(const Key& key);
  [[noreturn]] void refuse_unknown(const Key& key) const;
  void load(const PluginFile& file);

  std::vector<std::string> folders;
  std::recursive_mutex mutex;  // a plugin's factory may ask for the environment that it wraps
  bool scanned = false;
  std::vector<PluginFile> files;
  std::vector<Refused> refused;
  std::map<Key, std::vector<size_t>> providers;  // indices into `files`
  std::map<Key, PluginEntry> entries;
  std::map<Key, LoadedPlugin> loaded;
};

void Registry::Impl::scan() {
  if (scanned) return;
  scanned = true;
  for (const std::string& path : plugin_files(folders)) {
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
  const std::string hint = did_you_mean(key.second, known);
  std::string message =
      "no plugin provides " + in_words(key) + (hint.empty() ? "." : hint) + " Folders:";
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
    log(LogLevel::kInfo, "worker",
        "loaded " + entry.kind + " " + entry.id + " " + entry.version + ", sha256 " +
            file.sha256.substr(0, 12) + ", from " + file.path);
    loaded[{entry.kind, entry.id}] = {entry.kind, entry.id, entry.version, file.sha256, file.path};
    entries[{entry.kind, entry.id}] = std::move(entry);
  }
}

Registry::Impl* Registry::Impl::make(std::vector<std::string> folders) {
  static std::mutex mutex;
  static auto& all = *new std::deque<Impl>();
  const std::lock_guard lock(mutex);
  return &all.emplace_back(std::move(folders));
}

Registry::Registry(std::vector<std::string> folders) : impl_(Impl::make(std::move(folders))) {}

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
  for (const auto& [key, plugin] : impl_->loaded) loaded.push_back(plugin);
  return loaded;
}

}  // namespace lea::worker
