#include "core/base/lfs_pointer.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr std::string_view kFirstWords = "version https://git-lfs.github.com/spec/";
constexpr size_t kLargest = 1024;  // a pointer is smaller, as Git LFS's specification demands

}  // namespace

bool is_lfs_pointer(std::string_view bytes) {
  return bytes.size() < kLargest && bytes.starts_with(kFirstWords);
}

void refuse_lfs_pointer(std::string_view bytes, const std::string& path) {
  if (!is_lfs_pointer(bytes)) return;
  throw DataError(printable(path) +
                  ": is a Git LFS pointer, not the file itself: run `git lfs pull`.");
}

void refuse_lfs_pointer_at(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return;
  char bytes[kLargest];
  const ssize_t size = ::pread(file, bytes, sizeof bytes, 0);  // fails for a FIFO
  ::close(file);
  if (size > 0) refuse_lfs_pointer({bytes, static_cast<size_t>(size)}, path);
}

}  // namespace lea
