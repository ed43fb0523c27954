// What exports share for which the worker writes a temporary file.
#pragma once

#include <string>
#include <vector>

#include "core/base/output_file.h"

namespace lea::lab {

// The worker's temporary output file. It lies beside the file that is made of it, or in a temporary
// folder when a stream is written. The destructor removes it.
class WorkerFile {
 public:
  explicit WorkerFile(const OutputPlace& out);
  ~WorkerFile();
  WorkerFile(const WorkerFile&) = delete;
  WorkerFile& operator=(const WorkerFile&) = delete;

  const std::string& path() const { return path_; }
  // Removes it now. Whoever has opened it can read it, and a signal leaves nothing behind.
  void remove() const;

 private:
  std::string folder_, path_;
};

// A temporary file in which a worker notes which method of a plugin it calls (core/run/open_call.h),
// for the message when it crashes there. The destructor removes it.
class CallFile {
 public:
  // When there is no folder for temporary files, the message of a crash names no method.
  CallFile();
  ~CallFile();
  CallFile(const CallFile&) = delete;
  CallFile& operator=(const CallFile&) = delete;

  // Returns the arguments that name the file to the worker.
  std::vector<std::string> arguments() const;
  // Returns " in backbone my.model at encode()", and "" when no call was open.
  std::string where() const;

 private:
  std::string path_;
};

// Calls the worker with these arguments and returns what it printed. Throws the worker's own error, or
// Error(kPlugin) when it crashed; `what` begins the message, such as "run UUID: cannot be scored: ".
std::string call_worker(std::vector<std::string> arguments, const std::string& what);

}  // namespace lea::lab
