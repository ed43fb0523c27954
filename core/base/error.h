// The exceptions that end a command, and their exit codes.
#pragma once

#include <stdexcept>
#include <string>

namespace lea {

// Exit codes of `lealab` and `lealab-worker`, as `lealab --help` lists them. For a program that
// signal n ended, a shell reports 128 + n.
enum class Exit : int {
  kOk = 0,
  kUsage = 2,     // the command line itself is wrong
  kBadInput = 3,  // a spec, data set or imported file is wrong, or `verify` did not find all clean
  kEnvironment = 4,  // disk, permission, memory, network
  kFailedRuns = 5,   // the grid finished, but some of its runs failed
  kPlugin = 6,       // a plugin was refused, crashed or threw
  kInterrupted = 7,  // stopped on request; the same command resumes
  kInternal = 70,    // our own mistake
};

// Base of all errors that a user sees. The message is complete: what failed, where, why, and what
// to do.
class Error : public std::runtime_error {
 public:
  Error(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Exit code() const { return code_; }

 private:
  Exit code_;
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(Exit::kUsage, message) {}
};

class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& message) : Error(Exit::kBadInput, message) {}
};

class DataError : public Error {
 public:
  explicit DataError(const std::string& message) : Error(Exit::kBadInput, message) {}
};

class PluginError : public Error {
 public:
  explicit PluginError(const std::string& message) : Error(Exit::kPlugin, message) {}
};

class StoreError : public Error {
 public:
  explicit StoreError(const std::string& message) : Error(Exit::kEnvironment, message) {}
};

}  // namespace lea
