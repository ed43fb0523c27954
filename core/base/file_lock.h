// An exclusive lock on a file while the object lives. The file names the holder.
#pragma once

#include <string>

#include "core/base/error.h"

namespace lea {

// The lock is held by another process, which the message names.
class LockedError : public StoreError {
 public:
  using StoreError::StoreError;
};

// The kernel drops the lock when its holder dies in any way, so a lock is never stale. The host,
// process id and start time in the file are only used in the message. Works on local file systems
// only.
class FileLock {
 public:
  // Waits at most `seconds` for the lock. Then throws LockedError; `what` is the subject of "... is
  // in use by ...". Throws StoreError when the file cannot be opened or locked.
  FileLock(const std::string& path, double seconds, const std::string& what);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Names this process as the holder. A child process calls it when it has inherited the lock and
  // its parent ends.
  void name_holder() const;

 private:
  int descriptor_ = -1;
};

// Whether another process holds the lock on the file. Does not disturb it. False for an absent file.
bool is_locked(const std::string& path);

// The name of the network file system that holds `path`, empty for a local one.
std::string network_file_system(const std::string& path);

}  // namespace lea
