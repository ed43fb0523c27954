#include "core/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <vector>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporary = ".tmp-";  // in the name of a file that is being published
constexpr int kAttempts = 3;  // of a write, for errors that network file systems recover from

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// The bytes that this user may still write in the folder; -1 when unknown.
int64_t free_bytes(const std::string& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) return -1;
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

[[noreturn]] void fail(const std::string& path, const std::string& step,
                       const std::string& reason) {
  const int64_t free = free_bytes(folder_of(path));
  std::string message = printable(path) + ": cannot be written (" + step + "): " + reason;
  if (free >= 0) message += "; " + std::to_string(free) + " bytes are free there";
  throw StoreError(message);
}

std::string temporary_name(const std::string& path) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "%s%016llx", kTemporary,
                static_cast<unsigned long long>(random()));
  // The cut leaves room for the suffix when the name has the greatest length.
  const std::string name = fs::path(path).filename().string().substr(0, 200);
  return (fs::path(folder_of(path)) / ("." + name + suffix)).string();
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Returns null, or the step that failed with errno set.
const char* write_temporary(const std::string& temporary, std::string_view bytes) {
  // The umask narrows 0666. O_EXCL also refuses a link that somebody planted.
  Descriptor fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (fd.get() < 0) return "create";
  if (!write_all(fd.get(), bytes)) return "write";
  // A failed fsync may have dropped the pages, so it is never retried on the same descriptor.
  if (::fsync(fd.get()) != 0) return "fsync";
  if (fd.close() != 0) return "close";
  return nullptr;
}

// `kind` is O_NOFOLLOW for what this program made, and O_DIRECTORY for a folder that the user
// chose, which may be a link.
void sync_path(const std::string& path, const std::string& published, int kind = O_NOFOLLOW) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | kind));
  if (fd.get() < 0) fail(published, "open " + printable(path), std::strerror(errno));
  // Some file systems cannot sync a folder and return EINVAL. Then there is nothing more to do.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail(published, "fsync", std::strerror(errno));
}

void sync_folder_of(const std::string& published) {
  sync_path(folder_of(published), published, O_DIRECTORY);
}

[[noreturn]] void refuse_to_read(const std::string& path, const std::string& reason) {
  throw StoreError(printable(path) + ": cannot be read: " + reason);
}

[[noreturn]] void refuse_larger(const std::string& path, size_t limit) {
  refuse_to_read(path, "it is larger than " + std::to_string(limit) + " bytes");
}

}  // namespace

void publish_file(const std::string& path, std::string_view bytes) {
  const int64_t free = free_bytes(folder_of(path));
  const auto needed = static_cast<int64_t>(static_cast<double>(bytes.size()) * 1.1);
  if (free >= 0 && needed > free) {
    fail(path, "check space", counted(needed, "byte") + (needed == 1 ? " is" : " are") + " needed");
  }
  for (int attempt = 1;; ++attempt) {
    const std::string temporary = temporary_name(path);
    const char* step = write_temporary(temporary, bytes);
    if (step == nullptr && ::rename(temporary.c_str(), path.c_str()) != 0) step = "rename";
    if (step == nullptr) break;
    const int error = errno;
    ::unlink(temporary.c_str());
    const bool transient = error == EIO || error == ESTALE || error == EINTR;
    if (!transient || attempt == kAttempts) fail(path, step, std::strerror(error));
  }
  sync_folder_of(path);
}

void publish_written(const std::string& temporary, const std::string& path) {
  sync_path(temporary, path);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "rename", std::strerror(errno));
  sync_folder_of(path);
}

void remove_temporaries(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && name.find(kTemporary) != std::string::npos)
      found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path, error);
}

bool publish_folder(const std::string& temporary, const std::string& path) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(temporary)) {
      if (!entry.is_symlink()) sync_path(entry.path().string(), path);
    }
  } catch (const fs::filesystem_error& error) {
    fail(path, "list " + printable(temporary), error.code().message());
  }
  sync_path(temporary, path);
  // A plain rename would replace an empty folder of that name.
  int renamed = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      errno = EEXIST;
    } else {
      renamed = ::rename(temporary.c_str(), path.c_str());
    }
  }
  if (renamed != 0) {
    const int error = errno;
    if (error != EEXIST && error != ENOTEMPTY) fail(path, "rename", std::strerror(error));
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    return false;
  }
  sync_folder_of(path);
  return true;
}

void require_readable(const std::string& path, std::string_view bytes, size_t limit) {
  if (bytes.size() > limit) refuse_larger(path, limit);
  refuse_lfs_pointer(bytes, path);
}

std::string read_file(const std::string& path, size_t limit) {
  const auto refuse = [&](const std::string& reason) { refuse_to_read(path, reason); };
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) refuse(std::strerror(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) refuse(std::strerror(errno));
  if (S_ISDIR(info.st_mode)) refuse("it is a folder");
  if (!S_ISREG(info.st_mode)) refuse("it is not a regular file");
  if (static_cast<uint64_t>(info.st_size) > limit) refuse_larger(path, limit);
  std::string bytes(static_cast<size_t>(info.st_size) + 1, '\0');
  size_t have = 0;
  for (;;) {
    // The file may have grown since fstat. One spare byte in the buffer lets the loop reach the end
    // of the file.
    if (have == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::strerror(errno));
    if (got == 0) break;
    have += static_cast<size_t>(got);
    if (have > limit) refuse_larger(path, limit);
  }
  bytes.resize(have);
  refuse_lfs_pointer(bytes, path);
  return bytes;
}

std::string read_input(const std::string& path, size_t limit) {
  try {
    return read_file(path, limit);
  } catch (const StoreError& error) {
    throw DataError(error.what());
  }
}

void require_folder(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return;
  if (status.type() == fs::file_type::none)
    throw StoreError(printable(path) + ": cannot be read: " + error.message());
  throw DataError(printable(path) + (fs::exists(status) ? ": is a file, where a folder is needed."
                                                        : ": there is no such folder."));
}

}  // namespace lea
