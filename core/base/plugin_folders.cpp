#include "core/base/plugin_folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

// Returns why plugins of the folder are not used, or "" when they are used.
std::string why_left_out(const std::string& folder) {
  struct stat facts {};
  if (stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return "it is no folder.";
  if (facts.st_uid != 0 && facts.st_uid != geteuid()) return "it belongs to another user.";
  if ((facts.st_mode & S_IWOTH) != 0) return "any user may write to it. Run chmod o-w on it.";
  return "";
}

void warn_left_out(const std::string& folder, const std::string& why) {
  std::fprintf(stderr, "warning: plugin folder %s is left out: %s\n", folder.c_str(), why.c_str());
}

}  // namespace

std::vector<std::string> plugin_folders(const std::vector<std::string>& extra) {
  std::vector<std::string> folders;
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const char* bundled : {"../plugins", "../lib/lealab/plugins"}) {
    const fs::path folder = (here / bundled).lexically_normal();
    std::error_code absent;
    if (!failed && fs::is_directory(folder, absent)) {
      folders.push_back(folder.string());
      break;
    }
  }
  if (geteuid() == getuid() && getegid() == getgid()) {
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

std::vector<std::string> plugin_files(const std::vector<std::string>& folders,
                                      std::map<std::string, std::string>* left_out) {
  std::set<std::string> files;
  for (const std::string& given : folders) {
    // A folder that is named twice, in two spellings, must give its plugins once.
    std::error_code failed;
    const fs::path folder = fs::canonical(given, failed);
    if (failed) continue;
    const std::string shown = printable(folder.string()), why = why_left_out(folder.string());
    if (!why.empty()) warn_left_out(shown, why);
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      if (it->path().extension() != ".so") continue;
      if (why.empty()) {
        files.insert(it->path().string());
      } else if (left_out) {
        (*left_out)[it->path().string()] = "its folder " + shown + " is left out: " + why;
      }
    }
    if (failed) warn_left_out(shown, failed.message() + ".");
  }
  return {files.begin(), files.end()};
}

}  // namespace lea
