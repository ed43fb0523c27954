// What exports share for which the worker writes a temporary file.
#pragma once

#include <string>
#include <vector>

namespace lea::lab {

// The path of the worker's temporary output file, beside `out`. The destructor removes it.
class WorkerFile {
 public:
  explicit WorkerFile(const std::string& out);
  ~WorkerFile();
  WorkerFile(const WorkerFile&) = delete;
  WorkerFile& operator=(const WorkerFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Calls the worker with these arguments and returns what it printed. Throws the worker's own error, or
// Error(kPlugin) when it crashed; `what` begins the message, such as "run UUID: cannot be scored: ".
std::string call_worker(std::vector<std::string> arguments, const std::string& what);

}  // namespace lea::lab
