#include "cli/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <iterator>
#include <string_view>

#include "core/base/error.h"

namespace lea::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR2, SIGUSR1};
constexpr std::string_view kStopped = "stopped before any run began. The same command continues.\n";

volatile sig_atomic_t counting = 0, seen_so_far = 0, woken_up = 0;
struct sigaction before[std::size(kSignals)];

extern "C" void on_signal(int signal) {
  if (signal == SIGUSR1) {
    woken_up = 1;
    return;
  }
  if (counting == 0) {
    [[maybe_unused]] const ssize_t count = write(STDERR_FILENO, kStopped.data(), kStopped.size());
    _exit(static_cast<int>(Exit::kInterrupted));
  }
  seen_so_far = seen_so_far + 1;
}

}  // namespace

StopSignals::StopSignals() {
  counting = 0;
  seen_so_far = 0;
  woken_up = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART, so that a signal wakes poll
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before[i]);
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

void StopSignals::count() { counting = 1; }

int StopSignals::seen() const { return seen_so_far; }

bool StopSignals::woken() {
  const bool woken = woken_up != 0;
  woken_up = 0;
  return woken;
}

}  // namespace lea::cli
