#include "core/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/host.h"
#include "core/base/text.h"

namespace lea {
namespace {

std::string holder_line() {
  return "process " + std::to_string(getpid()) + " on " + host_name() + " since " + utc_now() +
         "\n";
}

std::string holder_of(int descriptor) {
  char text[512];
  const ssize_t count = pread(descriptor, text, sizeof text, 0);
  if (count <= 0) return "another process";
  std::string line(text, static_cast<size_t>(count));
  return printable(line.substr(0, line.find('\n')));
}

}  // namespace

FileLock::FileLock(const std::string& path, double seconds, const std::string& what) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) {
    throw StoreError(path + ": cannot open the lock file: " + std::strerror(errno));
  }
  // The kernel cannot wait with a time limit, so the lock is polled. The random delays keep waiters
  // from polling in step.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::minstd_rand random(static_cast<unsigned>(getpid()));
  while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    if (reason == EINTR) continue;
    const bool busy = reason == EWOULDBLOCK;
    if (!busy || std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = holder_of(descriptor_);
      close(descriptor_);
      if (!busy) throw StoreError(path + ": cannot lock: " + std::strerror(reason));
      throw LockedError(path + ": " + what + " is in use by " + holder +
                        ". Wait until it has ended, or stop it.");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2 + random() % 8));
  }
  name_holder();
}

void FileLock::name_holder() const {
  const std::string line = holder_line();
  // The text only serves the message of a waiting process, so a full disk is no error here.
  if (ftruncate(descriptor_, 0) == 0) {
    [[maybe_unused]] const ssize_t count = pwrite(descriptor_, line.data(), line.size(), 0);
  }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool is_locked(const std::string& path) {
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  // Readers share their lock, so that two of them do not take each other for the holder.
  const bool locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return locked;
}

std::string network_file_system(const std::string& path) {
  static const std::map<uint64_t, std::string> kinds = {
      {0x6969, "NFS"},        {0x517B, "SMB"},      {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB2"},
      {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"}, {0x65735546, "FUSE"},  {0x00C36400, "Ceph"},
      {0x5346414F, "AFS"},    {0x01021997, "9P"},   {0x19830326, "BeeGFS"}};
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return "";
  const auto found = kinds.find(static_cast<uint32_t>(info.f_type));
  return found == kinds.end() ? "" : found->second;
}

}  // namespace lea
