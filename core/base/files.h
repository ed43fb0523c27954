// The one way a file that matters reaches its name: temporary, checked write, fsync, rename, fsync
// of the folder. A reader sees the old file or the whole new one, after any crash.
#pragma once

#include <string>
#include <string_view>

namespace lea {

// Throws StoreError (with path, reason and free bytes) and leaves the old file as it was. A crash
// can leave a temporary `.NAME.tmp-*` beside it, which nothing reads.
void publish_file(const std::string& path, std::string_view bytes);

// Publishes a prepared folder: every file in it is synced, then it is renamed to `path`, which must
// not exist (an equal name wins the race: the temporary is removed and the function returns false).
bool publish_folder(const std::string& temporary, const std::string& path);

// Throws StoreError: missing, unreadable, not a regular file (a FIFO or device would never end), or
// larger than `limit` bytes.
std::string read_file(const std::string& path, size_t limit = size_t{1} << 32);

// The same of a file that the user gave: throws DataError.
std::string read_input(const std::string& path, size_t limit = size_t{1} << 32);

// Throws DataError unless it is a folder.
void require_folder(const std::string& path);

}  // namespace lea
