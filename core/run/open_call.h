// The method of a plugin that a worker calls: the file call in the folder of a run or artefact. A
// worker that crashes, hangs or is killed cannot say where it was, but the kernel keeps what it wrote.
//
// The file holds a text that ends with a zero byte, such as "backbone my.model at encode(), step 20";
// it is empty between two calls. An attempt that ends by itself removes the file.
#pragma once

#include <string>

namespace lea::run {

// The most bytes of such a text, with the zero byte.
inline constexpr size_t kCallBytes = 256;

// What the file says, printable. Empty when there is no such file or no call was open.
std::string read_call(const std::string& path);

// Maps the file into memory, where the worker writes. Makes it empty first. The destructor leaves the
// file with what it says then.
class OpenCallFile {
 public:
  explicit OpenCallFile(std::string path);
  ~OpenCallFile();
  OpenCallFile(const OpenCallFile&) = delete;
  OpenCallFile& operator=(const OpenCallFile&) = delete;

  // kCallBytes bytes. Null when the file cannot be made: the work is then done without it.
  char* memory() const { return memory_; }
  // Removes the file, because no call is open any more. The memory stays.
  void remove() const;

 private:
  std::string path_;
  char* memory_ = nullptr;
};

}  // namespace lea::run
