// The file that a command writes where its option --out says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/folder_writer.h"

namespace lea {

// Whether `out` is `-`, or another name of the file that is standard output, such as /dev/stdout.
bool is_standard_output(const std::string& out);

// The place to which --out leads. It is a file, which is made or replaced, or a stream, which is
// never replaced. A stream is standard output, a device or a FIFO.
class OutputPlace {
 public:
  // Throws UsageError for an empty name. Throws StoreError that names the cause when it is a folder,
  // or when the folder of the file is missing or cannot be entered.
  explicit OutputPlace(const std::string& out);

  bool is_stream() const { return kind_ != Kind::kFile; }
  bool is_standard_output() const { return kind_ == Kind::kStandardOutput; }
  // The path of a file is without the links that lead to it, so that these stay. The path of a
  // device or a FIFO is as it was given.
  const std::string& path() const { return path_; }
  const std::string& name() const { return name_; }  // for messages; printable

 private:
  enum class Kind { kFile, kStream, kStandardOutput };
  Kind kind_ = Kind::kFile;
  std::string path_, name_;
};

// Writes a file under a temporary name beside it, which gets its name when it is complete, or writes
// into a stream. A file of the user with a similar name, such as PATH.part, is left alone.
// Every write is checked. The destructor removes what was not published.
class OutputFile {
 public:
  // Throws StoreError. Opening a FIFO waits for its reader.
  explicit OutputFile(const OutputPlace& place);
  explicit OutputFile(const std::string& out) : OutputFile(OutputPlace(out)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Both throw StoreError.
  void write(std::string_view bytes) { file_->write(bytes); }
  void publish();

 private:
  OutputPlace place_;
  std::string temporary_;  // empty for a stream, and once it is published
  std::optional<FileWriter> file_;
};

}  // namespace lea
