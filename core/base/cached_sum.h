// The sha256 of files that are too large to be read again at each call, such as the weights of a
// model.
#pragma once

#include <string>

namespace lea {

// sha256_file(path). The sum is kept in the user's cache (user_cache), and is taken from there
// while the file has the same path, size, modification time and inode. The sum of a file that was
// written within the last seconds is not kept, because a change in the same moment would not be
// seen. Throws StoreError when the path is not a regular file that can be read.
std::string cached_sum(const std::string& path);

}  // namespace lea
