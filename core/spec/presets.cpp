#include "core/spec/presets.h"

#include <algorithm>
#include <filesystem>

namespace lea::spec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".yaml";

// Empty when there is none.
fs::path preset_folder() {
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed).parent_path();
  if (failed) return {};
  for (const char* place : {"../presets", "../share/lealab/presets"}) {
    const fs::path folder = (here / place).lexically_normal();
    if (fs::is_directory(folder, failed)) return folder;
  }
  return {};
}

}  // namespace

bool is_preset(const std::string& text) { return text.find_first_of("/.") == std::string::npos; }

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator it(preset_folder(), failed), end; !failed && it != end;
       it.increment(failed)) {
    if (it->path().extension() == kEnding) names.push_back(it->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string preset_path(const std::string& name) {
  return (preset_folder() / (name + kEnding)).string();
}

std::string variants_folder() {
  std::error_code failed;
  const fs::path presets = fs::canonical(preset_folder(), failed);
  const fs::path folder = presets.parent_path() / "variants";
  return !failed && fs::is_directory(folder, failed) ? folder.string() : "";
}

}  // namespace lea::spec
