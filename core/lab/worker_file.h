// What exports share for which the worker writes a temporary file.
#pragma once

#include <string>
#include <vector>

#include "core/base/output_file.h"

namespace lea::lab {

// The worker's temporary output file: beside the file that is made of it, or, when that is a stream,
// in a temporary folder. The destructor removes it.
class WorkerFile {
 public:
  explicit WorkerFile(const OutputPlace& out);
  ~WorkerFile();
  WorkerFile(const WorkerFile&) = delete;
  WorkerFile& operator=(const WorkerFile&) = delete;

  const std::string& path() const { return path_; }
  // Removes it now. Who has opened it still reads it, and a signal leaves nothing behind.
  void remove() const;

 private:
  std::string folder_, path_;
};

// Calls the worker with these arguments and returns what it printed. Throws the worker's own error, or
// Error(kPlugin) when it crashed; `what` begins the message, such as "run UUID: cannot be scored: ".
std::string call_worker(std::vector<std::string> arguments, const std::string& what);

}  // namespace lea::lab
