// An exclusive lock on a file while the object lives. The file names the holder.
#pragma once

#include <string>

namespace lea {

// The kernel drops the lock when its holder dies in any way, so a lock is never stale. The host,
// process id and start time in the file are only used in the message. Works on local file systems
// only.
class FileLock {
 public:
  // Waits at most `seconds` for the lock. Then throws StoreError that names the holder; `what` is
  // the subject of "... is in use by ...".
  FileLock(const std::string& path, double seconds, const std::string& what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

// The name of the network file system that holds `path`, empty for a local one.
std::string network_file_system(const std::string& path);

}  // namespace lea
