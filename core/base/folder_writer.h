// A folder that is written aside and published whole, file by file, with the hash of each file.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lea {

// Buffered and checked: a full disk is a StoreError at the write, never a short file.
class FileWriter {
 public:
  explicit FileWriter(const std::string& path);
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

// Removes its temporary folder unless it was published.
class FolderWriter {
 public:
  // Makes a temporary sibling of `target`, and removes those that a crash left.
  explicit FolderWriter(const std::string& target);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;

  std::string path(const std::string& name) const { return temporary_ + "/" + name; }
  // Publishes as the target. False when the target exists already, and `replace` is false.
  bool publish(bool replace);

 private:
  std::string target_, temporary_;
};

// {name: {"bytes": n, "sha256": "..."}} of one file.
nlohmann::json file_record(const std::string& path);

}  // namespace lea
