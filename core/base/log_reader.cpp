#include "core/base/log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "core/base/log.h"

namespace lea {
namespace {

// Whether the path is the open file.
bool names(const std::string& path, int file) {
  struct stat named {
  }, open{};
  return stat(path.c_str(), &named) == 0 && fstat(file, &open) == 0 &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

}  // namespace

LogReader::LogReader(std::string path) : path_(std::move(path)) {}

LogReader::~LogReader() {
  if (file_ >= 0) close(file_);
}

bool LogReader::read(const Show& show) {
  while (file_ < 0 || !names(path_, file_)) {
    if (!open_next(show)) break;
  }
  if (file_ >= 0) drain(show);
  return file_ >= 0;
}

void LogReader::end(const Show& show) {
  if (!rest_.empty()) show(rest_);
  rest_.clear();
}

void LogReader::drain(const Show& show) {
  struct stat facts {};
  // A log that could not be renamed was emptied instead.
  if (fstat(file_, &facts) == 0 && facts.st_size < lseek(file_, 0, SEEK_CUR))
    lseek(file_, 0, SEEK_SET);
  std::array<char, 65536> chunk;
  for (ssize_t got; (got = ::read(file_, chunk.data(), chunk.size())) > 0;) {
    rest_.append(chunk.data(), static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
      show(rest_.substr(begin, end - begin));
    rest_.erase(0, begin);
  }
}

bool LogReader::open_next(const Show& show) {
  int age = kOldLogs;
  for (int now = 0; file_ >= 0 && now <= kOldLogs; ++now) {
    if (names(old_log(path_, now), file_)) age = now - 1;
  }
  int next = -1;
  for (; next < 0 && age >= 0; --age)
    next = open(old_log(path_, age).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (next < 0) return false;
  if (file_ >= 0) {
    drain(show);  // the lines that were written between the last call and the renaming
    end(show);
    close(file_);
  }
  file_ = next;
  return true;
}

}  // namespace lea
