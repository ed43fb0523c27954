// Reads a log that another process may be writing and renaming (core/base/log.h).
#pragma once

#include <functional>
#include <string>

namespace lea {

class LogReader {
 public:
  using Show = std::function<void(const std::string& line)>;

  // Begins with the oldest renamed file of the log at `path`.
  explicit LogReader(std::string path);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Calls `show` with each whole line that was added since the last call. Returns false while there
  // is no log.
  bool read(const Show& show);
  // Calls `show` with what follows the last line break, if anything does.
  void end(const Show& show);

 private:
  void drain(const Show& show);
  // Opens the file that continues the open one, or the oldest. Returns false when there is none.
  bool open_next(const Show& show);

  const std::string path_;
  int file_ = -1;
  std::string rest_;  // of the open file: the begin of a line
};

}  // namespace lea
