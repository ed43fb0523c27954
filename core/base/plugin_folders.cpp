#include "core/base/plugin_folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/base/files.h"
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

// A folder of this user for all programs: $VARIABLE, or ~/BELOW. Empty when neither is known, and when
// the program runs with more rights than its user has, who then must not choose what it does.
std::string home_folder(const char* variable, const char* below) {
  if (geteuid() != getuid() || getegid() != getgid()) return "";
  const char* named = std::getenv(variable);
  if (named != nullptr && named[0] == '/') return named;
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/" + below : "";
}

constexpr size_t kListBytes = size_t{1} << 20;

std::vector<std::string> lines_of_list() {
  const std::string file = disabled_plugins_file();
  std::error_code error;
  std::vector<std::string> lines;
  if (file.empty() || !fs::exists(file, error)) return lines;
  std::istringstream text(read_file(file, kListBytes));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// The same file however its folder is spelled.
std::string listed_name(const std::string& file) {
  std::error_code failed;
  const fs::path folder = fs::canonical(fs::absolute(file).parent_path(), failed);
  return failed ? file : (folder / fs::path(file).filename()).string();
}

std::set<std::string> disabled_plugins() {
  try {
    const std::vector<std::string> lines = lines_of_list();
    return {lines.begin(), lines.end()};
  } catch (const Error& error) {
    std::fprintf(stderr, "warning: no plugin counts as disabled: %s\n", error.what());
    return {};
  }
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
  const std::string user = user_plugin_folder();
  if (!user.empty()) folders.push_back(user);
  folders.insert(folders.end(), extra.begin(), extra.end());
  return folders;
}

std::string user_plugin_folder() {
  const std::string data = home_folder("XDG_DATA_HOME", ".local/share");
  return data.empty() ? "" : data + "/lealab/plugins";
}

std::vector<std::string> plugin_files(const std::vector<std::string>& folders,
                                      LeftOutPlugins* left_out) {
  const std::set<std::string> disabled = disabled_plugins();
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
      const std::string file = it->path().string();
      if (it->path().extension() != ".so") continue;
      const bool is_disabled = disabled.contains(file);
      if (why.empty() && !is_disabled) files.insert(file);
      if (!left_out) continue;
      if (!why.empty()) {
        left_out->refused[file] = "its folder " + shown + " is left out: " + why;
      } else if (is_disabled) {
        left_out->disabled.insert(file);
      }
    }
    if (failed) warn_left_out(shown, failed.message() + ".");
  }
  return {files.begin(), files.end()};
}

std::string disabled_plugins_file() {
  const std::string config = home_folder("XDG_CONFIG_HOME", ".config");
  return config.empty() ? "" : config + "/lealab/disabled_plugins";
}

void set_plugin_disabled(const std::string& file, bool disabled) {
  const std::string list = disabled_plugins_file(), name = listed_name(file);
  if (list.empty())
    throw StoreError("there is no place for the list of disabled plugins. Set HOME.");
  if (name.find('\n') != std::string::npos)
    throw StoreError(printable(name) + ": a name with a line break cannot be listed. Rename it.");
  std::vector<std::string> lines = lines_of_list();
  const bool was = std::erase(lines, name) > 0;
  if (was == disabled) return;
  if (disabled) lines.push_back(name);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  std::error_code failed;
  fs::create_directories(fs::path(list).parent_path(), failed);
  publish_file(list, text);
}

}  // namespace lea
