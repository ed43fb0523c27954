// The log of a process: one line for each event, with its time in UTC, level, component and message.
//
//   2026-01-31T23:59:59.123Z warn  lea.matched: 12 training events have no match
//
// A log that cannot be written never ends the work that it describes: lines are then dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/log_level.h"

namespace lea {

// A log that has reached this size is renamed, and a new file continues it.
inline constexpr size_t kLogBytes = size_t{4} << 20;
// So many renamed files are kept. The oldest is removed.
inline constexpr int kOldLogs = 3;

// The name of the file that was renamed `age` times: "log.txt" becomes "log.1.txt". Age 0 is the
// file that is being written.
std::string old_log(const std::string& path, int age);

const char* to_string(LogLevel level);
std::optional<LogLevel> log_level_from(const std::string& name);
// Throws UsageError that begins with `where`, such as "--level", and lists the levels.
LogLevel log_level_named(const std::string& name, const std::string& where);
// The variable that sets the level for this process and those that it starts.
inline constexpr const char* kLogVariable = "LEALAB_LOG";
// The level that kLogVariable names; info when it is unset or empty. Throws UsageError.
LogLevel log_level_of_environment();

// From now on, log() appends lines of at least this level to the file. Where standard error is the
// same file, it follows when the file is renamed. Never throws.
void open_log(const std::string& path, LogLevel level);

// Whether standard error is the open log, so that what is logged need not be printed there as well.
bool log_is_stderr();

// Appends one line, in one write. Any thread may call it. The message is made printable (core/base/
// text.h), so its line breaks are \x0a, and it is cut after 16 KiB. Does nothing before open_log.
// Never throws.
void log(LogLevel level, std::string_view component, std::string_view message) noexcept;

// Logs the begin of a part of the work, and its end with the duration. A part that an exception
// ends has no end in the log.
class LoggedPhase {
 public:
  LoggedPhase(std::string component, std::string name, LogLevel level = LogLevel::kInfo);
  // "end of NAME after 1.234 s" and, if there is an outcome, ": OUTCOME".
  void end(const std::string& outcome = "") const;

 private:
  std::string component_, name_;
  LogLevel level_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// "1.234 s".
std::string log_seconds(double seconds);

struct LogLine {
  std::string time;  // as it is written
  LogLevel level = LogLevel::kInfo;
  std::string component, message;
};

// Empty when the line is not one that log() wrote. A worker's log also has what its plugins and
// libraries print to standard error.
std::optional<LogLine> parse_log_line(const std::string& line);

// The reason that a log gives for a failure, from its last line: the message of an error, or the
// whole line where log() did not write it, as in a crash. Empty when the line is no reason.
std::string log_reason(const std::string& last_line);

}  // namespace lea
