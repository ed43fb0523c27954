// One plugin file: read and checked without running any of its code, then loaded from a private
// copy. Libraries are never unloaded.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/api/plugin.h"

namespace lea::worker {

struct Provided {
  std::string kind, id;
};

// What is known of a plugin before its code runs.
struct PluginFile {
  std::string path;
  std::string bytes;  // the whole file as it was read once: what was checked is what is loaded
  std::string sha256;
  std::string version;
  std::vector<Provided> provides;
  std::string tag;  // the bytes of its ABI tag
};

// Opens without blocking and checks: regular, owned by the user or root, not world-writable, an ELF
// shared library of this machine with all ranges inside the file, with a manifest and a tag. Throws
// PluginError.
PluginFile read_plugin_file(const std::string& path);

// Throws PluginError when the plugin was built against something that cannot cross to this host:
// names the first field that differs, both values and the way out.
void check_abi_tag(std::string_view tag, const std::string& path);

// "g++ 12, LibTorch 2.13.0, API 1.0"; empty when the tag is not one.
std::string built_with(std::string_view tag);

// Called before each step that runs the plugin's code ("loading", "registering").
using PhaseListener = std::function<void(const std::string& phase)>;

// Checks the tag, copies, loads, compares the tag again and calls lea_register. What it registers
// must be what the manifest says. Throws PluginError. One thread at a time (held by a mutex).
std::vector<PluginEntry> load_plugin(const PluginFile& file, const PhaseListener& phase = {});

// $XDG_CACHE_HOME/lealab/plugins (default ~/.cache), else /tmp/lealab-UID/plugins; made with mode
// 0700.
std::string private_copy_folder();

}  // namespace lea::worker
