// The sha256 of files that are too large to be read again at each call, such as the weights of a
// model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lea {

// sha256_file(path). The sum is kept in the user's cache (user_cache), and is taken from there
// while the file has the same path, size, modification time and inode. The sum of a file that was
// written within the last seconds is not kept, because a change in the same moment would not be
// seen. Throws StoreError when the path is not a regular file that can be read.
std::string cached_sum(const std::string& path);

// Returns the file of the cache that keeps the sum of `path` as it is now. The file may not exist
// yet. The name is empty when the sum is not kept.
std::string kept_sum_file(const std::string& path);

// While an object exists, cached_sum() calls `tell` before it reads a file of at least `least`
// bytes, because the reading can take minutes. The object counts only in the thread that made it,
// and the latest of several objects counts.
class LongReads {
 public:
  using Tell = std::function<void(const std::string& path, uint64_t bytes)>;
  LongReads(uint64_t least, Tell tell);
  ~LongReads();
  LongReads(const LongReads&) = delete;
  LongReads& operator=(const LongReads&) = delete;

 private:
  friend std::string cached_sum(const std::string& path);
  static void tell_of(const std::string& path);

  uint64_t least_;
  Tell tell_;
  const LongReads* outer_;
};

}  // namespace lea
