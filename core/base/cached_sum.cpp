#include "core/base/cached_sum.h"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/user_cache.h"

namespace lea {
namespace {

constexpr size_t kDigits = 64;
constexpr time_t kSettledSeconds = 3;  // file systems round the time of a change to 2 s at most

// What identifies the content of a file, as a name for the cache. Empty when the file is missing or
// may still change.
std::string identity_of(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return "";
  if (facts.st_mtim.tv_sec + kSettledSeconds > std::time(nullptr)) return "";
  std::error_code error;
  const std::string place = std::filesystem::absolute(path, error).lexically_normal().string();
  const nlohmann::json identity = {place,        facts.st_size,         facts.st_mtim.tv_sec,
                                   facts.st_dev, facts.st_mtim.tv_nsec, facts.st_ino};
  return sha256(identity.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::optional<std::string> read_sum(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  try {
    const std::string sum = read_file(file, kDigits);
    const bool whole =
        sum.size() == kDigits && sum.find_first_not_of("0123456789abcdef") == std::string::npos;
    return whole ? std::optional(sum) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string cached_sum(const std::string& path) {
  const std::string folder = user_cache("sums"), identity = identity_of(path);
  if (folder.empty() || identity.empty()) return sha256_file(path);
  const std::string file = folder + "/" + identity;
  if (const auto known = read_sum(file)) return *known;
  const std::string sum = sha256_file(path);
  if (identity_of(path) != identity) return sum;  // it changed while it was read
  try {
    publish_file(file, sum);
  } catch (const Error&) {
    // Without a cache the next call reads the file again.
  }
  return sum;
}

}  // namespace lea
