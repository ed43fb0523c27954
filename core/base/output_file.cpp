#include "core/base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/links.h"
#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw StoreError(name + ": cannot be written: " + why + ".");
}

// Throws unless the folder of the file is there.
void check_folder(const std::string& path, const std::string& name) {
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::is_directory(status)) return;
  if (status.type() == fs::file_type::not_found)
    fail(name, "there is no folder " + printable(folder) + ". Make it, or name another file");
  if (status.type() == fs::file_type::none) fail(name, printable(folder) + ": " + error.message());
  fail(name, printable(folder) + " is no folder");
}

std::FILE* open_stream(const OutputPlace& place) {
  if (!place.is_standard_output()) {
    const int file = ::open(place.path().c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return file < 0 ? nullptr : ::fdopen(file, "wb");
  }
  std::fflush(stdout);  // what was printed before comes first
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? nullptr : ::fdopen(copy, "wb");
}

// Returns a name beside `path` that is free, as ".NAME.PID-N.tmp", and removes what writers that no
// longer run have left under such names.
std::string temporary_beside(const std::string& path) {
  constexpr size_t kLongest = 200;  // leaves room for the rest in a name of the greatest length
  static std::atomic<int> count = 0;
  const fs::path file(path);
  const std::string folder = file.parent_path().empty() ? "." : file.parent_path().string();
  const std::string prefix = "." + file.filename().string().substr(0, kLongest) + ".";
  remove_left_over(folder, prefix, ".tmp");
  const std::string name =
      prefix + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".tmp";
  return (fs::path(folder) / name).string();
}

// A file or a link that has the name already is somebody else's: it is neither written nor followed.
std::FILE* open_temporary(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  return file < 0 ? nullptr : ::fdopen(file, "wb");
}

}  // namespace

bool is_standard_output(const std::string& out) {
  struct stat named {
  }, standard{};
  if (out == "-") return true;
  return ::stat(out.c_str(), &named) == 0 && ::fstat(STDOUT_FILENO, &standard) == 0 &&
         named.st_dev == standard.st_dev && named.st_ino == standard.st_ino;
}

OutputPlace::OutputPlace(const std::string& out) : path_(out), name_(printable(out)) {
  if (out.empty()) throw UsageError("--out: is empty. Name a file, or - for standard output.");
  if (lea::is_standard_output(out)) {
    kind_ = Kind::kStandardOutput;
    name_ = "standard output";
    return;
  }
  std::error_code error;
  const fs::file_status status = fs::status(out, error);
  if (status.type() == fs::file_type::none) fail(name_, error.message());
  if (fs::is_directory(status)) fail(name_, "it is a folder. Name a file");
  if (fs::is_other(status)) {
    kind_ = Kind::kStream;
    return;
  }
  path_ = follow_links(out);
  check_folder(path_, name_);
}

OutputFile::OutputFile(const OutputPlace& place) : place_(place) {
  if (place.is_stream()) {
    file_.emplace(open_stream(place), place.name());
    return;
  }
  const std::string temporary = temporary_beside(place.path());
  file_.emplace(open_temporary(temporary), place.name());
  temporary_ = temporary;
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

void OutputFile::publish() {
  file_->close();
  if (temporary_.empty()) return;
  publish_written(temporary_, place_.path());
  temporary_.clear();
}

}  // namespace lea
