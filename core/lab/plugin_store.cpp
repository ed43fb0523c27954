#include "core/lab/plugin_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/hash.h"
#include "core/base/letter_case.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"
#include "core/lab/disk.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStaging = ".staged-";  // a folder of copies, beside the plugins
constexpr size_t kChunk = size_t{1} << 20;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw PluginError(printable(path) + ": " + why);
}

[[noreturn]] void cannot_write(const std::string& path, const std::string& why) {
  throw StoreError(printable(path) + ": cannot be written: " + why + ".");
}

// The user's folder, made where it is missing.
std::string own_folder() {
  const std::string folder = user_plugin_folder();
  if (folder.empty())
    throw StoreError("there is no folder for plugins of yours. Set HOME or XDG_DATA_HOME.");
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) cannot_write(folder, failed.message());
  return folder;
}

class OpenFile {
 public:
  explicit OpenFile(int number) : number_(number) {}
  ~OpenFile() {
    if (number_ >= 0) close(number_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// A FIFO or a device never blocks it.
int open_source(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

// The size of a file that may be a plugin.
int64_t checked_size(int file, const std::string& path) {
  struct stat facts {};
  if (file < 0) refuse(path, std::string("cannot be opened: ") + std::strerror(errno) + ".");
  if (fstat(file, &facts) != 0)
    refuse(path, std::string("cannot be read: ") + std::strerror(errno) + ".");
  if (S_ISDIR(facts.st_mode)) refuse(path, "is a folder. Give the .so that the build made.");
  if (!S_ISREG(facts.st_mode))
    refuse(path, "not a regular file. Give the .so that the build made.");
  if (facts.st_size == 0) refuse(path, "an empty file. Copy or build it again.");
  if (facts.st_size > kPluginBytes) {
    refuse(path, "has " + std::to_string(facts.st_size >> 20) + " MiB; a plugin has at most " +
                     std::to_string(kPluginBytes >> 20) + " MiB. Link LibTorch dynamically.");
  }
  return facts.st_size;
}

void require_room(const std::string& folder, int64_t bytes) {
  const int64_t free = free_bytes_for(folder);
  if (free < 0 || free >= bytes + bytes / 10) return;
  cannot_write(folder, "the plugin has " + size_text(bytes) + ", and " + size_text(free) +
                           " are free there. Make room first");
}

// Spares a process for a file that is plainly something else. `begin` is its first part.
void require_library(std::string_view begin, const std::string& path) {
  if (is_lfs_pointer(begin))
    refuse(path, "a Git LFS pointer, not the file itself: run `git lfs pull`.");
  if (!begin.starts_with("\x7f"
                         "ELF"))
    refuse(path, "not a shared library (no ELF header). Give the .so that the build made.");
}

void write_chunk(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) cannot_write(path, std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void replace_all(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at + to.size()))
    text->replace(at, from.size(), to);
}

std::string in_words(const std::string& kind, const std::string& id) {
  return kind + " " + printable(id);
}

using Name = std::pair<std::string, std::string>;  // kind, id

// What a file provides, as far as that is known.
std::set<Name> names_of(const PluginRecord& record) {
  std::set<Name> names;
  for (const spec::PluginInfo& plugin : record.plugins) names.emplace(plugin.kind, plugin.id);
  for (const spec::PluginName& plugin : record.provides) names.emplace(plugin.kind, plugin.id);
  return names;
}

std::string version_in(const PluginRecord& record, const Name& name) {
  for (const spec::PluginInfo& plugin : record.plugins) {
    if (Name(plugin.kind, plugin.id) == name) return plugin.version;
  }
  return "";
}

// Makes the plan for one file that is there.
void consider(const PluginRecord& there, const PluginRecord& staged, InstallPlan* plan) {
  const std::set<Name> mine = names_of(staged), theirs = names_of(there);
  std::vector<Name> both;
  std::set_intersection(mine.begin(), mine.end(), theirs.begin(), theirs.end(),
                        std::back_inserter(both));
  if (both.empty() || !plan->obstacle.empty()) return;
  const std::string where = printable(there.file);
  const std::string plugin = in_words(both[0].first, both[0].second);
  if (there.sha256 == staged.sha256 && there.state == PluginState::kEnabled) {
    plan->obstacle = "this very file is in use already, as " + where + ".";
  } else if (place_of(there.file) == PluginPlace::kUser) {
    if (both.size() < theirs.size()) {
      plan->obstacle = where + " has " + plugin + ", too, and other plugins beside it. Remove it " +
                       "first, or give yours another id.";
      return;
    }
    for (const Name& name : both)
      plan->replaces.push_back({name.first, name.second, version_in(there, name), there.file});
  } else if (there.state == PluginState::kEnabled || there.state == PluginState::kConflict) {
    plan->obstacle = plugin + " is also in " + where +
                     ", so neither would be used. Disable that file first, or give yours another "
                     "id.";
  }
}

bool is_replaced(const InstallPlan& plan, const std::string& file) {
  return std::any_of(plan.replaces.begin(), plan.replaces.end(),
                     [&](const ReplacedPlugin& one) { return one.file == file; });
}

// A path in the folder that nothing has, or that is replaced anyway.
void choose_target(const std::string& folder, const std::string& name, InstallPlan* plan) {
  const std::string stem = fs::path(name).stem().string();
  for (int number = 1;; ++number) {
    plan->target =
        folder + "/" + (number == 1 ? stem : stem + "-" + std::to_string(number)) + ".so";
    std::error_code ignored;
    if (is_replaced(*plan, plan->target) ||
        fs::symlink_status(plan->target, ignored).type() == fs::file_type::not_found)
      break;
    plan->renamed = printable(name) + " is the name of another plugin file there";
  }
}

std::string canonical_folder(const std::string& folder) {
  std::error_code failed;
  const fs::path path = fs::canonical(folder, failed);
  return failed ? folder : path.string();
}

}  // namespace

PluginPlace place_of(const std::string& file) {
  const std::string folder = canonical_folder(fs::absolute(file).parent_path().string());
  const std::string user = user_plugin_folder();
  if (!user.empty() && folder == canonical_folder(user)) return PluginPlace::kUser;
  for (const std::string& known : plugin_folders({})) {
    if (folder == canonical_folder(known)) return PluginPlace::kBundled;
  }
  return PluginPlace::kNamed;
}

const char* to_string(PluginPlace place) {
  switch (place) {
    case PluginPlace::kBundled:
      return "bundled";
    case PluginPlace::kUser:
      return "installed by you";
    case PluginPlace::kNamed:
      return "--plugin-dir";
  }
  return "?";
}

StagedPlugin::StagedPlugin(const std::string& source, const std::function<bool()>& cancelled)
    : source_(fs::absolute(source).lexically_normal().string()) {
  const OpenFile from(open_source(source_));
  bytes_ = checked_size(from.number(), source_);
  const std::string own = own_folder();
  remove_left_over(own, kStaging, "");
  require_room(own, bytes_);
  static std::atomic<int> count = 0;
  folder_ = own + "/" + kStaging + std::to_string(getpid()) + "-" + std::to_string(count++);
  if (mkdir(folder_.c_str(), 0700) != 0) cannot_write(folder_, std::strerror(errno));
  path_ = folder_ + "/" + fs::path(source_).filename().string();
  try {
    copy(from.number(), cancelled);
  } catch (...) {
    remove();
    throw;
  }
}

void StagedPlugin::copy(int from, const std::function<bool()>& cancelled) {
  const OpenFile to(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (to.number() < 0) cannot_write(path_, std::strerror(errno));
  std::string chunk(kChunk, '\0');
  Sha256 sum;
  for (int64_t done = 0;;) {
    if (cancelled && cancelled())
      throw Error(Exit::kInterrupted, printable(source_) + ": was not copied to its end.");
    const ssize_t got = read(from, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(source_, std::string("cannot be read: ") + std::strerror(errno) + ".");
    if (got == 0) break;
    done += got;
    if (done > bytes_) refuse(source_, "grew while it was copied. Try again when it is complete.");
    const std::string_view bytes(chunk.data(), static_cast<size_t>(got));
    if (done == got) require_library(bytes, source_);
    sum.add(bytes);
    write_chunk(to.number(), bytes, path_);
  }
  if (fsync(to.number()) != 0) cannot_write(path_, std::strerror(errno));
  sha256_ = sum.hex();
}

void StagedPlugin::remove() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  folder_.clear();
}

PluginRecord StagedPlugin::probe(const ProbeWatch& watch) const {
  PluginRecord record = probe_file(path_, watch);
  record.file = source_;
  replace_all(&record.reason, printable(path_), printable(source_));
  for (std::string& warning : record.warnings)
    replace_all(&warning, printable(path_), printable(source_));
  for (spec::PluginInfo& plugin : record.plugins) plugin.file = source_;
  if (record.sha256.empty()) record.sha256 = sha256_;
  return record;
}

InstallPlan plan_install(const PluginRecord& staged, const std::vector<PluginRecord>& installed) {
  InstallPlan plan;
  for (const PluginRecord& record : installed) consider(record, staged, &plan);
  choose_target(canonical_folder(own_folder()), fs::path(staged.file).filename().string(), &plan);
  return plan;
}

void install_plugin(const StagedPlugin& staged, const InstallPlan& plan) {
  if (!plan.obstacle.empty()) refuse(staged.source(), plan.obstacle);
  // A plugin that was probed may have changed its own file.
  if (sha256_file(staged.path()) != staged.sha256())
    refuse(staged.source(), "its copy was changed after it was looked at. Add it again.");
  publish_written(staged.path(), plan.target);
  for (const ReplacedPlugin& one : plan.replaces) {
    std::error_code ignored;
    if (one.file != plan.target) fs::remove(one.file, ignored);
  }
  set_plugin_disabled(plan.target, false);
}

void remove_plugin(const std::string& file) {
  if (place_of(file) != PluginPlace::kUser) {
    refuse(file, std::string(place_of(file) == PluginPlace::kBundled
                                 ? "belongs to LEA Lab itself"
                                 : "lies in a folder of --plugin-dir, which is yours to change") +
                     ". `lealab plugins disable " + printable(fs::path(file).filename().string()) +
                     "` leaves it unused.");
  }
  std::error_code failed;
  fs::remove(file, failed);
  if (failed) cannot_write(file, failed.message());
  set_plugin_disabled(file, false);
}

const PluginRecord& find_plugin_file(const std::vector<PluginRecord>& records,
                                     const std::string& name) {
  const std::string path = fs::absolute(name).lexically_normal().string(), wanted = lower(name);
  std::vector<const PluginRecord*> found;
  std::vector<std::string> known;
  for (const PluginRecord& record : records) {
    const std::string file = fs::path(record.file).filename().string();
    bool is_it = record.file == path || file == name;
    known.push_back(file);
    for (const Name& plugin : names_of(record)) {
      const std::string id = lower(plugin.second);
      is_it = is_it || id == wanted || id.ends_with("." + wanted);
      known.push_back(plugin.second);
      known.push_back(plugin.second.substr(plugin.second.rfind('.') + 1));
    }
    if (is_it) found.push_back(&record);
  }
  if (found.empty()) {
    const std::string hint = did_you_mean(name, known);
    throw UsageError("no plugin and no plugin file is called `" + printable(name) + "`" +
                     (hint.empty() ? "." : hint) + " `lealab plugins` lists them.");
  }
  if (found.size() > 1) {
    throw UsageError("`" + printable(name) + "` is in " + printable(found[0]->file) + " and in " +
                     printable(found[1]->file) + ". Give the path of one of them.");
  }
  return *found[0];
}

}  // namespace lea::lab
