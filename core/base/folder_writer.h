// Writes the files of a folder under a temporary name, and publishes the folder as a whole.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lea {

// A buffered writer that checks every write: a full disk is a StoreError, never a short file. Call
// close() at the end, because the destructor ignores errors.
class FileWriter {
 public:
  explicit FileWriter(const std::string& path);
  // Writes to a file that was opened, and closes it. `name` stands for it in messages. A null pointer
  // throws for the reason in errno.
  FileWriter(std::FILE* file, const std::string& name);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(std::string_view bytes);
  template <class T>
  void value(const T& item) {
    write(std::string_view(reinterpret_cast<const char*>(&item), sizeof(T)));
  }
  void close();

 private:
  [[noreturn]] void fail() const;
  std::string path_;
  std::FILE* file_;
};

// The destructor removes the temporary folder unless it was published.
class FolderWriter {
 public:
  // Makes a temporary folder beside `target`, and removes those of processes that no longer run.
  explicit FolderWriter(const std::string& target);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;

  std::string path(const std::string& name) const { return temporary_ + "/" + name; }
  // Publishes the folder as the target. Returns false when the target exists and `replace` is
  // false.
  bool publish(bool replace);

 private:
  std::string target_, temporary_;
};

// Removes the entries of `folder` that processes which no longer run have left: those named PREFIX,
// a process id, a dash, anything, and SUFFIX.
void remove_left_over(const std::string& folder, const std::string& prefix,
                      const std::string& suffix);

// {"bytes": n, "sha256": "..."} of one file.
nlohmann::json file_record(const std::string& path);

}  // namespace lea
