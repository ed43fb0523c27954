// An exclusive lock on a file, held while the object lives. The file says who holds it.
#pragma once

#include <string>

namespace lea {

// The kernel drops the lock when its holder dies, however it dies, so a lock is never stale; the
// host, pid and start time inside are for the message alone. Works on local file systems only.
class FileLock {
 public:
  // Waits at most `seconds`. Throws StoreError that names the holder; `what` completes "... is in
  // use".
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
