#include "core/base/folder_writer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea {
namespace fs = std::filesystem;

FileWriter::FileWriter(const std::string& path)
    : FileWriter(std::fopen(path.c_str(), "wbxe"), path) {}

FileWriter::FileWriter(std::FILE* file, const std::string& name) : path_(name), file_(file) {
  if (file_ == nullptr) fail();
  std::setvbuf(file_, nullptr, _IOFBF, 1 << 18);
}

FileWriter::~FileWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

void FileWriter::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail();
}

void FileWriter::close() {
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail();
}

void FileWriter::fail() const {
  throw StoreError(printable(path_) + ": cannot be written: " + std::strerror(errno) + ".");
}

namespace {

// A temporary is named ".NAME.PID-N.tmp". The process id shows later whether its writer still runs.
std::string prefix_of(const fs::path& target) {
  std::string prefix = ".";
  return prefix.append(target.filename().string()).append(".");
}

}  // namespace

void remove_left_over(const std::string& folder, const std::string& prefix,
                      const std::string& suffix) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    int pid = 0;
    const char* start = name.data() + prefix.size();
    const auto [end, error] = std::from_chars(start, name.data() + name.size(), pid);
    if (error != std::errc() || end == start || *end != '-' || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

FolderWriter::FolderWriter(const std::string& target) {
  static std::atomic<int> count = 0;
  std::error_code error;
  fs::path path = fs::absolute(target, error).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();  // the last part of "DIR/" is empty
  target_ = path.string();
  fs::create_directories(path.parent_path(), error);
  if (error) {
    throw StoreError(printable(path.parent_path().string()) +
                     ": the folder cannot be made: " + error.message() + ".");
  }
  remove_left_over(path.parent_path(), prefix_of(path), ".tmp");
  temporary_ = (path.parent_path() / (prefix_of(path) + std::to_string(::getpid()) + "-" +
                                      std::to_string(count++) + ".tmp"))
                   .string();
  if (!fs::create_directory(temporary_, error)) {
    throw StoreError(printable(temporary_) + ": the folder cannot be made: " + error.message() +
                     ".");
  }
}

FolderWriter::~FolderWriter() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

bool FolderWriter::publish(bool replace) {
  std::error_code ignored;
  if (!replace || !fs::exists(target_, ignored)) {
    const bool published = publish_folder(temporary_, target_);
    temporary_.clear();  // publish_folder moved it, or removed it after a lost race
    return published;
  }
  // First publish a sibling, so that its files are on disk. Then exchange the two names in one
  // step, so that the target exists at every moment. The destructor removes the old folder, which
  // then has the temporary name.
  const std::string ready = temporary_.substr(0, temporary_.size() - 4) + "-ready.tmp";
  publish_folder(temporary_, ready);
  temporary_ = ready;
  if (::renameat2(AT_FDCWD, ready.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
    throw StoreError(printable(target_) + ": cannot be replaced: " + std::strerror(errno) +
                     ". Remove the folder and import again.");
  }
  return true;
}

nlohmann::json file_record(const std::string& path) {
  return {{"bytes", fs::file_size(path)}, {"sha256", sha256_file(path)}};
}

}  // namespace lea
