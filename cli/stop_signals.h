// The signals by which a user stops a command that works for long.
#pragma once

namespace lea::cli {

// Handles SIGINT, SIGTERM, SIGHUP and SIGUSR2 (a cluster's warning) during its lifetime, and SIGUSR1
// as a wake-up. Only one object may exist.
class StopSignals {
 public:
  // Until count() is called, a signal ends the program at once with the code of an interruption:
  // nothing has begun that it could lose.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // From now on signals are only counted.
  void count();
  int seen() const;
  // Whether SIGUSR1 has arrived since the last call.
  bool woken();
};

}  // namespace lea::cli
