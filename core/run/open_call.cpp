#include "core/run/open_call.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "core/base/text.h"

namespace lea::run {

std::string read_call(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kCallBytes, '\0');
  file.read(text.data(), kCallBytes);
  text.resize(static_cast<size_t>(file.gcount()));
  return printable(text.substr(0, text.find('\0')));
}

OpenCallFile::OpenCallFile(std::string path) : path_(std::move(path)) {
  const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return;
  // Without room on the disk, a write into the mapped memory would end the process.
  if (posix_fallocate(file, 0, kCallBytes) == 0) {
    void* memory = mmap(nullptr, kCallBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) memory_ = static_cast<char*>(memory);
  }
  close(file);
  if (memory_ == nullptr) remove();
}

OpenCallFile::~OpenCallFile() {
  if (memory_ != nullptr) munmap(memory_, kCallBytes);
}

void OpenCallFile::remove() const { unlink(path_.c_str()); }

}  // namespace lea::run
