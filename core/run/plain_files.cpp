#include "core/run/plain_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::run {
namespace {

constexpr const char* kFiles[] = {kSpecFile, kHeaderFile, kResultFile,
                                  kTestFile, kRanksFile,  kValidRanksFile,
                                  kTopFile,  kEventsFile, kAttemptsFile};
constexpr size_t kDigits = 16;  // of a stamp

// The result is empty when nothing has this name. Does not follow a link.
std::optional<struct stat> facts_of(const std::string& path) {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) == 0) return facts;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw StoreError(printable(path) + ": cannot be read: " + std::strerror(errno));
}

const char* kind_of(mode_t mode) {
  if (S_ISLNK(mode)) return "a link";
  if (S_ISDIR(mode)) return "a folder";
  return "neither a file nor a folder";
}

}  // namespace

void require_plain_files(const Folder& run) {
  for (const char* name : kFiles) {
    const std::string path = run.file(name);
    const auto facts = facts_of(path);
    if (!facts) continue;
    if (!S_ISREG(facts->st_mode)) {
      throw DataError(printable(path) + ": is " + kind_of(facts->st_mode) +
                      ". The folder of a run holds plain files; restore it from a copy.");
    }
    if (faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0)
      throw StoreError(printable(path) + ": cannot be read: " + std::strerror(errno));
  }
}

std::string files_stamp(const Folder& run) {
  std::string text;
  for (const char* name : kFiles) {
    struct stat facts {};
    if (lstat(run.file(name).c_str(), &facts) == 0) {
      text += std::to_string(facts.st_mode) + " " + std::to_string(facts.st_size) + " " +
              std::to_string(facts.st_mtim.tv_sec) + " " + std::to_string(facts.st_mtim.tv_nsec);
    }
    text += '\n';
  }
  return sha256(text).substr(0, kDigits);
}

}  // namespace lea::run
