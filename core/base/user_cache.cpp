#include "core/base/user_cache.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace lea {

std::string user_cache(const std::string& name) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder;
  if (cache != nullptr && cache[0] == '/') {
    folder = std::string(cache) + "/lealab/" + name;
  } else if (home != nullptr && home[0] == '/') {
    folder = std::string(home) + "/.cache/lealab/" + name;
  }
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  return error || access(folder.c_str(), W_OK) != 0 ? std::string() : folder;
}

}  // namespace lea
