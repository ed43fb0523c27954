#include "core/base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kNames = {"debug", "info", "warn", "error"};
constexpr size_t kLevelWidth = 5;  // of the longest name
constexpr const char* kTimePattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr std::string_view kTimeShape = "0000-00-00T00:00:00.000Z ";
constexpr size_t kMessageBytes = size_t{16} << 10;

bool is_same_file(int one, int other) {
  struct stat a {
  }, b{};
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// Appends lines to a file and rotates it. spdlog's own rotating_file_sink does not fit: it makes a
// removed folder again, it does not count what a worker's stderr adds to the file, and the write
// after a failed rotation crashes.
class RotatingFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit RotatingFile(std::string path)
      : path_(std::move(path)),
        file_(open_file()),
        is_stderr_(file_ >= 0 && is_same_file(file_, STDERR_FILENO)) {}
  ~RotatingFile() override {
    if (file_ >= 0) close(file_);
  }
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  bool is_stderr() const { return is_stderr_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (file_ < 0) return;
    spdlog::memory_buf_t line;
    if (torn_) line.push_back('\n');
    formatter_->format(message, line);
    struct stat facts {};
    if (fstat(file_, &facts) == 0 && facts.st_size > 0 &&
        static_cast<size_t>(facts.st_size) + line.size() > kLogBytes)
      rotate();
    const ssize_t written = write(file_, line.data(), line.size());
    // A disk that is nearly full can take a part of a line. The next line must not continue it.
    torn_ = written > 0 ? static_cast<size_t>(written) < line.size() : torn_;
  }
  void flush_() override {}

 private:
  int open_file() const {
    return open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }

  void rotate() {
    for (int age = kOldLogs; age > 1; --age)
      std::rename(old_log(path_, age - 1).c_str(), old_log(path_, age).c_str());
    const std::string renamed = old_log(path_, 1);
    const bool moved = std::rename(path_.c_str(), renamed.c_str()) == 0;
    const int fresh = moved ? open_file() : -1;
    if (fresh < 0) {
      // The newest lines matter most, and the log must not outgrow its limit.
      if (moved) std::rename(renamed.c_str(), path_.c_str());
      [[maybe_unused]] const int ignored = ftruncate(file_, 0);
      return;
    }
    if (is_stderr_) dup2(fresh, STDERR_FILENO);
    close(file_);
    file_ = fresh;
  }

  const std::string path_;
  int file_;
  const bool is_stderr_;
  bool torn_ = false;  // the file ends within a line
};

struct Log {
  std::shared_ptr<RotatingFile> file;
  std::shared_ptr<spdlog::logger> logger;
};

std::mutex& mutex() {
  static std::mutex mutex;
  return mutex;
}

// Never destroyed, because a thread may log while the process ends.
Log& current() {
  static Log& log = *new Log();
  return log;
}

Log opened() {
  const std::lock_guard lock(mutex());
  return current();
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

bool begins_with_time(const std::string& line) {
  if (line.size() < kTimeShape.size()) return false;
  for (size_t i = 0; i < kTimeShape.size(); ++i) {
    const bool digit = line[i] >= '0' && line[i] <= '9';
    if (kTimeShape[i] == '0' ? !digit : line[i] != kTimeShape[i]) return false;
  }
  return true;
}

}  // namespace

std::string old_log(const std::string& path, int age) {
  if (age == 0) return path;
  fs::path name = path;
  const fs::path extension = name.extension();
  name.replace_extension("." + std::to_string(age));
  return name.string() + extension.string();
}

const char* to_string(LogLevel level) { return kNames.at(static_cast<size_t>(level)); }

std::optional<LogLevel> log_level_from(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

LogLevel log_level_named(const std::string& name, const std::string& where) {
  if (const auto level = log_level_from(name)) return *level;
  throw UsageError(where + " must be debug, info, warn or error, but is " + in_backticks(name) +
                   did_you_mean(name, {kNames.begin(), kNames.end()}));
}

LogLevel log_level_of_environment() {
  const char* name = std::getenv(kLogVariable);
  if (name == nullptr || name[0] == '\0') return LogLevel::kInfo;
  return log_level_named(name, std::string("$") + kLogVariable);
}

void open_log(const std::string& path, LogLevel level) {
  try {
    Log log;
    log.file = std::make_shared<RotatingFile>(path);
    log.logger = std::make_shared<spdlog::logger>("", log.file);
    log.logger->set_formatter(
        std::make_unique<spdlog::pattern_formatter>(kTimePattern, spdlog::pattern_time_type::utc));
    log.logger->set_level(level_of(level));
    log.logger->set_error_handler([](const std::string&) {});
    const std::lock_guard lock(mutex());
    current() = std::move(log);
  } catch (const std::exception&) {
    // Memory ran out. Whoever needs more of it will report that.
  }
}

bool log_is_stderr() {
  const Log log = opened();
  return log.file && log.file->is_stderr();
}

void log(LogLevel level, std::string_view component, std::string_view message) noexcept {
  try {
    const Log log = opened();
    if (!log.logger || !log.logger->should_log(level_of(level))) return;
    std::string text = to_string(level);
    text.resize(kLevelWidth + 1, ' ');
    text += printable(component) + ": " + printable(message.substr(0, kMessageBytes));
    if (message.size() > kMessageBytes) text += "...";
    log.logger->log(level_of(level), spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {
    // Memory ran out, and the line is dropped.
  }
}

LoggedPhase::LoggedPhase(std::string component, std::string name, LogLevel level)
    : component_(std::move(component)), name_(std::move(name)), level_(level) {
  log(level_, component_, "begin of " + name_);
}

void LoggedPhase::end(const std::string& outcome) const {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
  log(level_, component_,
      "end of " + name_ + " after " + log_seconds(spent.count()) +
          (outcome.empty() ? "" : ": " + outcome));
}

std::string log_seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", seconds);
  return text;
}

std::optional<LogLine> parse_log_line(const std::string& line) {
  if (!begins_with_time(line)) return std::nullopt;
  const size_t level = kTimeShape.size(), component = level + kLevelWidth + 1;
  const size_t colon = line.find(": ", component);
  if (colon == std::string::npos || line[component - 1] != ' ') return std::nullopt;
  std::string name = line.substr(level, kLevelWidth);
  while (name.ends_with(' ')) name.pop_back();
  const auto found = log_level_from(name);
  if (!found) return std::nullopt;
  return LogLine{line.substr(0, level - 1), *found, line.substr(component, colon - component),
                 line.substr(colon + 2)};
}

std::string log_reason(const std::string& last_line) {
  const auto line = parse_log_line(last_line);
  if (!line) return last_line;
  return line->level == LogLevel::kError ? line->message : "";
}

}  // namespace lea
