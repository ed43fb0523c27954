#include "core/base/cached_sum.h"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/user_cache.h"

namespace lea {
namespace {

constexpr size_t kDigits = 64;
constexpr time_t kSettledSeconds = 3;  // file systems round the time of a change to 2 s at most

thread_local const LongReads* long_reads = nullptr;

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

LongReads::LongReads(uint64_t least, Tell tell)
    : least_(least), tell_(std::move(tell)), outer_(std::exchange(long_reads, this)) {}

LongReads::~LongReads() { long_reads = outer_; }

void LongReads::tell_of(const std::string& path) {
  std::error_code error;
  const uint64_t bytes = long_reads ? std::filesystem::file_size(path, error) : 0;
  if (long_reads && !error && bytes >= long_reads->least_) long_reads->tell_(path, bytes);
}

std::string kept_sum_file(const std::string& path) {
  const std::string folder = user_cache("sums"), identity = identity_of(path);
  return folder.empty() || identity.empty() ? "" : folder + "/" + identity;
}

std::string cached_sum(const std::string& path) {
  const std::string file = kept_sum_file(path);
  if (const auto known = file.empty() ? std::nullopt : read_sum(file)) return *known;
  LongReads::tell_of(path);
  const std::string sum = sha256_file(path);
  if (file.empty() || kept_sum_file(path) != file) return sum;  // it changed while it was read
  try {
    publish_file(file, sum);
  } catch (const Error&) {
    // Without a cache the next call reads the file again.
  }
  return sum;
}

}  // namespace lea
