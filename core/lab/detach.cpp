#include "core/lab/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/error.h"

namespace lea::lab {
namespace {

// The first byte of the child's message: it is ready, or it ends with the exit code that follows.
constexpr char kReady = 'R', kFailed = 'E';

void replace(int descriptor, const char* path, int flags) {
  const int file = open(path, flags | O_CLOEXEC, 0666);
  if (file < 0) return;
  dup2(file, descriptor);
  close(file);
}

// A message is shorter than what a pipe takes at once, so one call writes all of it.
void send(int pipe, const std::string& message) {
  [[maybe_unused]] const ssize_t count = write(pipe, message.data(), message.size());
}

[[noreturn]] void run_child(int pipe, const std::function<void(const Ready&)>& work) {
  setsid();
  signal(SIGHUP, SIG_IGN);  // no terminal can hang up any more, but users may send it
  replace(STDIN_FILENO, "/dev/null", O_RDONLY);
  bool is_ready = false;
  int code = 0;
  const auto fail = [&](Exit exit, const char* message) {
    code = static_cast<int>(exit);
    if (is_ready) {
      std::fprintf(stderr, "%s\n", message);
    } else {
      send(pipe, std::string{kFailed, static_cast<char>(code)} + message);
    }
  };
  try {
    work([&](const std::string& text, const std::string& log) {
      std::fflush(nullptr);
      replace(STDOUT_FILENO, "/dev/null", O_WRONLY);
      replace(STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND);
      is_ready = true;
      send(pipe, kReady + text);
      close(pipe);
    });
  } catch (const Error& error) {
    fail(error.code(), error.what());
  } catch (const std::exception& error) {
    fail(Exit::kInternal, error.what());
  }
  std::fflush(nullptr);
  _exit(code);  // what the parent registered to happen at exit is its own
}

std::string receive(int pipe) {
  std::string message;
  char chunk[4096];
  for (ssize_t got; (got = read(pipe, chunk, sizeof chunk)) != 0;) {
    if (got > 0) message.append(chunk, static_cast<size_t>(got));
    if (got < 0 && errno != EINTR) break;
    if (!message.empty() && message.front() == kReady) break;
  }
  return message;
}

}  // namespace

std::string leave_behind(const std::function<void(const Ready& ready)>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw Error(Exit::kEnvironment, std::string("cannot make a pipe: ") + std::strerror(errno));
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    const int reason = errno;
    close(ends[0]);
    close(ends[1]);
    throw Error(Exit::kEnvironment,
                std::string("cannot start a process: ") + std::strerror(reason));
  }
  if (child == 0) {
    close(ends[0]);
    run_child(ends[1], work);
  }
  close(ends[1]);
  const std::string message = receive(ends[0]);
  close(ends[0]);
  if (!message.empty() && message.front() == kReady) return message.substr(1);
  waitpid(child, nullptr, 0);
  if (message.size() >= 2 && message.front() == kFailed)
    throw Error(static_cast<Exit>(message[1]), message.substr(2));
  throw Error(Exit::kInternal, "the detached process ended without a message");
}

}  // namespace lea::lab
