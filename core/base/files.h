// Publishes files and folders, and reads whole files. To publish is to write a temporary, check
// every write, fsync, rename, and fsync the folder. After a crash a reader sees the old content or
// the whole new content.
#pragma once

#include <string>
#include <string_view>

namespace lea {

// Replaces the file `path`. Throws StoreError with the path, the reason and the free bytes; the old
// file then stays, unless only the fsync of the folder failed. A crash can leave a temporary
// `.NAME.tmp-*` beside it, which nothing reads.
void publish_file(const std::string& path, std::string_view bytes);

// Publishes a file that was written in full under the name `temporary`. Throws StoreError; the
// temporary then stays.
void publish_written(const std::string& temporary, const std::string& path);

// Removes the temporaries that publish_file left in this folder when its process was killed. Nobody may
// publish a file there meanwhile.
void remove_temporaries(const std::string& folder);

// Publishes a prepared folder: syncs every file in it, then renames it to `path`. If `path` exists,
// removes the temporary and returns false. Throws StoreError.
bool publish_folder(const std::string& temporary, const std::string& path);

// Throws StoreError when the file is missing, unreadable, larger than `limit` bytes, or not regular
// (a FIFO or device may never end).
std::string read_file(const std::string& path, size_t limit = size_t{1} << 32);

// Throws what read_file would throw for a file with these bytes. For a text that stands for a file.
void require_readable(const std::string& path, std::string_view bytes, size_t limit);

// Reads a file that the user gave. Throws DataError instead of StoreError.
std::string read_input(const std::string& path, size_t limit = size_t{1} << 32);

// Throws DataError unless `path` is a folder.
void require_folder(const std::string& path);

}  // namespace lea
