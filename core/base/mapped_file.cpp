#include "core/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"

namespace lea {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  refuse_lfs_pointer_at(path);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    throw DataError(printable(path) + ": cannot be opened: " + std::strerror(errno) + ".");
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) {
    ::close(descriptor);
    throw DataError(printable(path) + ": is not a regular file, or is empty.");
  }
  size_ = static_cast<size_t>(facts.st_size);
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  if (mapped == MAP_FAILED) {
    throw Error(Exit::kEnvironment,
                printable(path) + ": cannot be mapped: " + std::strerror(error) + ".");
  }
  data_ = static_cast<char*>(mapped);
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

}  // namespace lea
