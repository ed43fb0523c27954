// Child processes by argument list (posix_spawn; never a shell).
#pragma once

#include <sys/types.h>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lea::lab {

struct ProcessResult {
  int exit_code = -1;      // of a normal exit
  int signal = 0;          // that ended it, else 0
  bool timed_out = false;  // killed after the limit
  std::string out, err;    // cut at the limit
};

// Runs to the end, at most `seconds`; then the process group is killed.
ProcessResult run_process(const std::vector<std::string>& arguments, double seconds,
                          size_t output_limit = size_t{16} << 20);

// A child whose stdout is read line by line without blocking; stderr is appended to a file. It
// leads its own process group. The destructor kills and reaps it.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, const std::string& stderr_path,
        const std::map<std::string, std::string>& environment = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  int out() const { return out_; }  // for poll(2)
  // Calls `line` for each whole line that has arrived. False at end of file.
  bool read_lines(const std::function<void(const std::string&)>& line);
  bool finished(ProcessResult* result);  // reaps without blocking; `out` and `err` stay empty
  void send(int signal);                 // to the process group

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  bool reaped_ = false;
  ProcessResult result_;
  std::string buffer_;
};

// lealab-worker beside this executable. Throws Error(kEnvironment) when it is missing: plugins are
// never loaded in this process instead.
std::string worker_path();

}  // namespace lea::lab
