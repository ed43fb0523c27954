#include "core/worker/library.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/dll/shared_library.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/plugin_folders.h"
#include "core/base/text.h"
#include "core/worker/elf.h"

namespace lea::worker {
namespace {

using nlohmann::json;

constexpr size_t kManifestLimit = 65536;
constexpr int kManifestDepth = 8;
constexpr size_t kProvidedLimit = 1000;
constexpr size_t kNameLimit = 128;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw PluginError(printable(path) + ": " + why);
}

struct OpenFile {
  int number;
  explicit OpenFile(int file) : number(file) {}
  ~OpenFile() {
    if (number >= 0) close(number);
  }
};

void check_ownership(const struct stat& facts, const std::string& path) {
  if (facts.st_uid != 0 && facts.st_uid != geteuid()) {
    refuse(path, "belongs to user " + std::to_string(facts.st_uid) +
                     ", and a plugin runs with all your rights. Copy it, so that it is yours, if "
                     "you trust it.");
  }
  if ((facts.st_mode & S_IWOTH) != 0) {
    refuse(path,
           "any user may change it, and a plugin runs with all your rights. Run chmod o-w on it.");
  }
}

// The bytes of a regular file that nobody is writing. A FIFO or device never blocks it.
std::string read_stable(const std::string& path) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (file.number < 0) refuse(path, std::string("cannot be opened: ") + std::strerror(errno) + ".");
  struct stat before {
  }, after{};
  if (fstat(file.number, &before) != 0)
    refuse(path, std::string("cannot be read: ") + std::strerror(errno) + ".");
  if (!S_ISREG(before.st_mode))
    refuse(path, "not a regular file. Give the .so that the build made.");
  check_ownership(before, path);
  if (before.st_size == 0) refuse(path, "an empty file. Copy or build it again.");
  if (before.st_size > kPluginBytes) {
    refuse(path, "has " + std::to_string(before.st_size >> 20) + " MiB; a plugin has at most " +
                     std::to_string(kPluginBytes >> 20) + " MiB. Link LibTorch dynamically.");
  }
  std::string bytes(static_cast<size_t>(before.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = read(file.number, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(path, std::string("cannot be read: ") + std::strerror(errno) + ".");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  if (fstat(file.number, &after) != 0 || filled != bytes.size() ||
      after.st_size != before.st_size || after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
      after.st_mtim.tv_nsec != before.st_mtim.tv_nsec) {
    refuse(path, "is being written. Try again when the build or copy has ended.");
  }
  return bytes;
}

std::string text_field(const json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  const std::string* text = found == object.end() ? nullptr : found->get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->size() > kNameLimit) {
    refuse(path, std::string("its manifest needs `") + key + "`, a text of at most " +
                     std::to_string(kNameLimit) + " bytes. Build it again with LEA_PLUGIN.");
  }
  return *text;
}

bool is_id(const std::string& id) {
  const size_t dot = id.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == id.size()) return false;
  return std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool is_kind(const std::string& kind) {
  return kind == "backbone" || kind == "framework" || kind == "environment" || kind == "augmenter";
}

json parse_manifest(std::string_view text, const std::string& path) {
  text = text.substr(0, text.find('\0'));
  if (text.size() > kManifestLimit)
    refuse(path, "its manifest is longer than 64 KiB. Build it again.");
  try {
    return json::parse(text, [](int depth, json::parse_event_t, json&) {
      if (depth > kManifestDepth) throw PluginError("too deep");
      return true;
    });
  } catch (const std::exception&) {
    refuse(path, "its manifest is not valid JSON. Build it again with LEA_PLUGIN.");
  }
}

void read_manifest(std::string_view text, PluginFile* file) {
  const json manifest = parse_manifest(text, file->path);
  if (!manifest.is_object())
    refuse(file->path, "its manifest is not a JSON object. Build it again.");
  file->version = text_field(manifest, "version", file->path);
  const auto provides = manifest.find("provides");
  if (provides == manifest.end() || !provides->is_array() || provides->empty() ||
      provides->size() > kProvidedLimit) {
    refuse(file->path,
           "its manifest must list 1 to 1,000 plugins under `provides`. Build it again.");
  }
  for (const json& one : *provides) {
    if (!one.is_object())
      refuse(file->path, "its manifest lists something that is not a {kind, id}.");
    Provided provided{text_field(one, "kind", file->path), text_field(one, "id", file->path)};
    if (!is_kind(provided.kind)) {
      refuse(file->path, "kind `" + printable(provided.kind) +
                             "` is unknown: backbone, framework, environment or augmenter.");
    }
    if (!is_id(provided.id)) {
      refuse(file->path,
             "id `" + printable(provided.id) +
                 "` must be vendor.name of lower-case letters, digits and underscores.");
    }
    file->provides.push_back(std::move(provided));
  }
}

// Collects what a plugin registers and holds it to its manifest, so that a list made without
// running code is true.
class Collector final : public Registrar {
 public:
  explicit Collector(const PluginFile& file) : file_(file) {}
  std::vector<PluginEntry> entries;

  void add(PluginEntry entry) override {
    const auto same = [&](const auto& other) {
      return other.kind == entry.kind && other.id == entry.id;
    };
    if (std::none_of(file_.provides.begin(), file_.provides.end(), same)) {
      refuse(file_.path, "registers " + printable(entry.kind) + " " + printable(entry.id) +
                             ", which its manifest does not list. Add it to LEA_MANIFEST.");
    }
    if (std::any_of(entries.begin(), entries.end(), same)) {
      refuse(file_.path, "registers " + entry.kind + " " + entry.id + " twice. Register it once.");
    }
    const int factories = (entry.backbone != nullptr) + (entry.framework != nullptr) +
                          (entry.environment != nullptr) + (entry.augmenter != nullptr);
    if (factories != 1) {
      refuse(file_.path, "registers " + entry.kind + " " + entry.id + " without its factory.");
    }
    check_artefacts(entry);
    entries.push_back(std::move(entry));
  }

  void check_complete() const {
    for (const Provided& provided : file_.provides) {
      const auto same = [&](const PluginEntry& e) {
        return e.kind == provided.kind && e.id == provided.id;
      };
      if (std::none_of(entries.begin(), entries.end(), same)) {
        refuse(file_.path, "its manifest lists " + provided.kind + " " + provided.id +
                               ", but lea_register does not register it. Register it or drop it.");
      }
    }
  }

 private:
  void check_artefacts(const PluginEntry& entry) const {
    if (entry.artefacts.empty()) return;
    const std::string who = entry.kind + " " + entry.id;
    if (entry.kind != "environment" && entry.kind != "augmenter") {
      refuse(file_.path, who +
                             " declares artefacts, but only environments and augmenters can have "
                             "any. Remove its artefacts().");
    }
    if (!entry.preparer)
      refuse(file_.path, who + " declares artefacts, but nothing that makes them.");
  }

  const PluginFile& file_;
};

std::string make_private_copy(const PluginFile& file) {
  const std::string copy = private_copy_folder() + "/" + file.sha256 + ".so";
  std::error_code failed;
  if (std::filesystem::file_size(copy, failed) == file.bytes.size() && !failed) {
    struct stat facts {};
    if (lstat(copy.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == geteuid() &&
        sha256_file(copy) == file.sha256) {
      return copy;
    }
  }
  publish_file(copy, file.bytes);
  return copy;
}

// Boost.DLL's text is the loader's, wrapped in its own and followed by an unrelated errno text.
std::string loader_text(const std::string& text) {
  const std::string before = "dlerror system message: ";
  const size_t begin = text.find(before);
  const size_t end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return text;
  return text.substr(begin + before.size(), end - begin - before.size());
}

const boost::dll::shared_library& load_library(const std::string& copy, const PluginFile& file) {
  // Never destroyed: no destructor may unload a library at exit.
  static auto& libraries = *new std::deque<boost::dll::shared_library>();
  boost::dll::shared_library* library = &libraries.emplace_back();
  // A static constructor that throws ends most processes here; with some loaders it comes out of
  // dlopen.
  const char* where = "threw in a static constructor: ";
  const char* way_out = ". Do in the plugin's own constructor what may fail.";
  try {
    library->load(copy, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const boost::system::system_error& error) {
    std::string why = loader_text(error.what());
    if (const size_t at = why.find(copy); at != std::string::npos) {
      why.replace(at, copy.size(), file.path);
    }
    refuse(file.path,
           "cannot be loaded: " + printable(why) +
               ". Build it with the LeaLab CMake package, which finds such errors at link time.");
  } catch (const std::exception& error) {
    refuse(file.path, where + printable(error.what()) + way_out);
  } catch (...) {
    refuse(file.path, std::string(where) + "something that is not a std::exception" + way_out);
  }
  return *library;
}

}  // namespace

PluginFile read_plugin_file(const std::string& path) {
  PluginFile file;
  file.path = path;
  file.bytes = read_stable(path);
  const ElfLibrary library = read_elf(file.bytes, printable(path));
  const auto manifest = library.sections.find(".leaplug");
  const auto tag = library.sections.find(".leatag");
  if (manifest == library.sections.end() || tag == library.sections.end()) {
    refuse(path,
           "a shared library, but not a LEA Lab plugin (no manifest). End its source with "
           "LEA_PLUGIN.");
  }
  read_manifest(manifest->second, &file);
  file.tag = std::string(tag->second);
  if (!library.needs("liblea_api.so")) {
    refuse(path,
           "does not link liblea_api.so, so its types would not be the host's. Build it with "
           "lealab_plugin of the LeaLab CMake package.");
  }
  file.sha256 = sha256(file.bytes);
  return file;
}

std::string private_copy_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr || value[0] != '/' ? "" : value);
  };
  std::vector<std::string> candidates;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    candidates.push_back(cache + "/lealab/plugins");
  } else if (const std::string home = variable("HOME"); !home.empty()) {
    candidates.push_back(home + "/.cache/lealab/plugins");
  }
  candidates.push_back("/tmp/lealab-" + std::to_string(geteuid()) + "/plugins");
  std::string tried;
  for (const std::string& folder : candidates) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    chmod(folder.c_str(), 0700);
    struct stat facts {};
    if (stat(folder.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == geteuid() &&
        (facts.st_mode & 077) == 0 && access(folder.c_str(), W_OK) == 0) {
      return folder;
    }
    tried += (tried.empty() ? "" : ", ") + folder;
  }
  throw StoreError("no folder for copies of plugins that only you can write (tried " + tried +
                   "). Set XDG_CACHE_HOME to a folder of yours.");
}

std::vector<PluginEntry> load_plugin(const PluginFile& file, const PhaseListener& phase) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  check_abi_tag(file.tag, file.path);
  const std::string copy = make_private_copy(file);
  if (phase) phase("loading");
  const boost::dll::shared_library& library = load_library(copy, file);
  if (!library.has("lea_abi_tag") || !library.has("lea_register")) {
    refuse(file.path,
           "does not export lea_abi_tag and lea_register. End its source with LEA_PLUGIN.");
  }
  const auto& tag = library.get<const AbiTag>("lea_abi_tag");
  check_abi_tag(std::string_view(reinterpret_cast<const char*>(&tag), sizeof(AbiTag)), file.path);
  if (phase) phase("registering");
  Collector collector(file);
  try {
    library.get<void(Registrar&)>("lea_register")(collector);
  } catch (const PluginError&) {
    throw;
  } catch (const std::exception& error) {
    refuse(file.path, std::string("threw while registering: ") + printable(error.what()));
  } catch (...) {
    refuse(file.path, "threw something that is not a std::exception while registering.");
  }
  collector.check_complete();
  return std::move(collector.entries);
}

}  // namespace lea::worker
