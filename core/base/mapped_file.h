// A regular file that is mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <string>

namespace lea {

class MappedFile {
 public:
  // Throws DataError when the file is missing, is not regular, or is empty, and Error(kEnvironment)
  // when it cannot be mapped.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  size_t size() const { return size_; }
  // Its pages are private and read-only: writing ends the process.
  char* data() const { return data_; }

 private:
  std::string path_;
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace lea
