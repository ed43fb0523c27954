#include "core/lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::lab {
namespace {

using Clock = std::chrono::steady_clock;

// Longer lines are cut, so that a child that never ends its line cannot fill our memory.
constexpr size_t kLineLimit = size_t{1} << 20;

Error system_error(const std::string& what, int number) {
  return Error(Exit::kEnvironment, what + ": " + std::strerror(number) + ".");
}

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw system_error("cannot make a pipe for a child process", errno);
    read = ends[0];
    write = ends[1];
    fcntl(read, F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() {
    if (read >= 0) close(read);
    read = -1;
  }
  void close_write() {
    if (write >= 0) close(write);
    write = -1;
  }
};

// This process's variables; those in `changes` replace them.
std::vector<std::string> merged_environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) merged.push_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

struct SpawnSetup {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    // With its own group, one signal reaches the child and all that it starts. The child gets the
    // default signal handling, because this process may ignore or block some signals.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

pid_t spawn(const std::vector<std::string>& arguments, const SpawnSetup& setup,
            const std::map<std::string, std::string>& environment) {
  if (arguments.empty()) throw Error(Exit::kInternal, "a child process needs a program to run.");
  const std::vector<std::string> variables = merged_environment(environment);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, arguments[0].c_str(), &setup.files, &setup.attributes,
                                  pointers(arguments).data(), pointers(variables).data());
  if (failed != 0) throw system_error("cannot start " + arguments[0], failed);
  return pid;
}

// True when the child has ended. Kills the rest of its process group before reaping it, because the
// group's number may belong to another process afterwards.
bool reap(pid_t pid, ProcessResult* result) {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return errno == ECHILD;
  if (info.si_pid == 0) return false;
  kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result->exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result->signal = WTERMSIG(status);
  return true;
}

// Appends the bytes that have arrived until `text` has `limit` bytes. False at end of file.
bool drain(int file, std::string* text, size_t limit) {
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(file, chunk.data(), chunk.size());
    if (got == 0) return false;
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    const size_t room = limit - std::min(limit, text->size());
    text->append(chunk.data(), std::min(room, static_cast<size_t>(got)));
  }
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, double seconds,
                          size_t output_limit, const GoOn& go_on) {
  Pipe out, err;
  SpawnSetup setup;
  posix_spawn_file_actions_adddup2(&setup.files, out.write, 1);
  posix_spawn_file_actions_adddup2(&setup.files, err.write, 2);
  const pid_t pid = spawn(arguments, setup, {});
  out.close_write();
  err.close_write();

  ProcessResult result;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  bool ended = false;
  while (!ended) {
    const bool killed = result.timed_out || result.stopped;
    if (!killed) {
      result.timed_out = Clock::now() >= deadline;
      result.stopped = !result.timed_out && go_on && !go_on(result);
      if (result.timed_out || result.stopped) kill(-pid, SIGKILL);
    }
    // A grandchild can keep the pipes open after the child has ended. The time limit of poll makes
    // sure that we notice.
    std::array<pollfd, 2> waits{{{out.read, POLLIN, 0}, {err.read, POLLIN, 0}}};
    if (out.read < 0 && err.read < 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    } else {
      poll(waits.data(), waits.size(), 20);
    }
    ended = reap(pid, &result);
    if (out.read >= 0 && !drain(out.read, &result.out, output_limit)) out.close_read();
    if (err.read >= 0 && !drain(err.read, &result.err, output_limit)) err.close_read();
  }
  return result;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG").append(name);
}

std::string output_of(ProcessResult worker) {
  if (worker.exit_code == 0) return std::move(worker.out);
  const std::string reason = printable(worker.err.substr(0, worker.err.find('\n')));
  if (worker.exit_code > 0 && !reason.empty())
    throw Error(static_cast<Exit>(worker.exit_code), reason);
  throw Error(Exit::kInternal, "the worker was ended by signal " + std::to_string(worker.signal) +
                                   (reason.empty() ? "" : ": " + reason));
}

Child::Child(const std::vector<std::string>& arguments, const std::string& stderr_path,
             const std::map<std::string, std::string>& environment,
             const std::map<int, int>& descriptors) {
  Pipe out;
  SpawnSetup setup;
  posix_spawn_file_actions_adddup2(&setup.files, out.write, 1);
  const int log = open(stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0) throw system_error("cannot write the log " + stderr_path, errno);
  posix_spawn_file_actions_adddup2(&setup.files, log, 2);
  for (const auto& [here, there] : descriptors) {
    posix_spawn_file_actions_adddup2(&setup.files, here, there);
  }
  try {
    pid_ = spawn(arguments, setup, environment);
  } catch (...) {
    close(log);
    throw;
  }
  close(log);
  out_ = out.read;
  out.read = -1;
}

Child::~Child() {
  if (!reaped_) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (out_ >= 0) close(out_);
}

bool Child::read_lines(const std::function<void(const std::string&)>& line) {
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(out_, chunk.data(), chunk.size());
    if (got == 0) return false;
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    for (ssize_t i = 0; i < got; ++i) {
      const char c = chunk[static_cast<size_t>(i)];
      if (c == '\n') {
        const std::string whole = std::move(buffer_);
        buffer_.clear();
        line(whole);
      } else if (buffer_.size() < kLineLimit) {
        buffer_.push_back(c);
      }
    }
  }
}

bool Child::finished(ProcessResult* result) {
  if (!reaped_) reaped_ = reap(pid_, &result_);
  if (reaped_ && result != nullptr) *result = result_;
  return reaped_;
}

void Child::send(int signal) {
  if (!reaped_) kill(-pid_, signal);
}

std::string worker_path() {
  std::error_code failed;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  const std::filesystem::path worker = self.parent_path() / "lealab-worker";
  if (failed || access(worker.c_str(), X_OK) != 0) {
    throw Error(Exit::kEnvironment,
                "there is no program " + worker.string() +
                    ", which loads plugins and trains. It belongs beside this one: build "
                    "or install LEA Lab again.");
  }
  return worker.string();
}

}  // namespace lea::lab
