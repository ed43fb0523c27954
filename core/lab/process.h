// Starts child processes from a list of arguments (posix_spawn; never a shell).
#pragma once

#include <sys/types.h>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lea::lab {

struct ProcessResult {
  int exit_code = -1;      // -1 when a signal ended the process
  int signal = 0;          // the signal that ended the process; 0: none
  bool timed_out = false;  // killed after the time limit
  bool stopped = false;    // killed because `go_on` said so
  std::string out, err;    // cut at output_limit
};

// Called several times a second while a process works, with what it has printed so far. The process
// group is killed when it returns false.
using GoOn = std::function<bool(const ProcessResult& so_far)>;

// Runs a process and waits for its end. Kills its process group after `seconds`. `output_limit` is
// in bytes, for each of stdout and stderr. Throws Error(kEnvironment) when it cannot start.
ProcessResult run_process(const std::vector<std::string>& arguments, double seconds,
                          size_t output_limit = size_t{16} << 20, const GoOn& go_on = {});

// "SIGSEGV", or the number of a signal without a name.
std::string signal_name(int signal);

// What a worker printed that has ended with exit code 0. Throws Error with the worker's code and
// the first line of its stderr otherwise, and Error(kInternal) when a signal ended it.
std::string output_of(ProcessResult worker);

// A child process in its own process group. Its stdout is read line by line without blocking, and
// its stderr is appended to a file. The destructor kills and reaps it.
class Child {
 public:
  // `environment`: variables that replace or join those of this process. `descriptors`: open files
  // of this process -> their numbers in the child. Throws Error(kEnvironment) when the child cannot
  // start or the file cannot be opened.
  Child(const std::vector<std::string>& arguments, const std::string& stderr_path,
        const std::map<std::string, std::string>& environment = {},
        const std::map<int, int>& descriptors = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  int out() const { return out_; }  // for poll(2)
  // Calls `line` for each complete line that has arrived. False at end of file.
  bool read_lines(const std::function<void(const std::string&)>& line);
  // Whether the child has ended; does not block. Fills `result` then, except `out` and `err`.
  bool finished(ProcessResult* result);
  void send(int signal);  // to the process group

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  bool reaped_ = false;
  ProcessResult result_;
  std::string buffer_;
};

// The path of lealab-worker, which lies beside this executable. Throws Error(kEnvironment) when it
// is missing.
std::string worker_path();

}  // namespace lea::lab
