// Reads a table of text, plain or compressed with gzip, as a stream. Every byte is checked, because
// the files come from other programs.
//
// The text is UTF-8 with one record on each line (LF or CRLF). A quotation mark is an ordinary
// character, except in the tables with commas or semicolons, where a quoted field may hold line
// ends (core/data/field_cutter.h). A byte order mark is accepted. Memory does not depend on the
// size of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/field_cutter.h"

namespace lea::data {

// How the text of a table is laid out.
struct TableForm {
  std::string separator = "\t";  // between two fields; not empty
  bool header = true;            // false: the first line is a row, and the columns are 1, 2, 3 ...
};

// Counts the rows that cannot be used and keeps the messages of the first five.
class BadRows {
 public:
  explicit BadRows(int64_t allowed) : allowed_(allowed) {}

  // `column` is the byte within the line, from 1. Throws DataError once 10,000 rows more than
  // allowed are bad, because reading on would show nothing new.
  void add(const std::string& path, int64_t line, size_t column, const std::string& what);

  // Throws DataError with the count and the first five messages when more rows are bad than
  // allowed.
  void finish() const;
  int64_t count() const { return count_; }

 private:
  int64_t allowed_;
  int64_t count_ = 0;
  std::vector<std::string> first_;
};

class TableReader {
 public:
  static constexpr size_t kMaxLine = size_t{1} << 20;
  static constexpr size_t kMaxColumns = 1000;

  // Reads the header. Throws DataError when `path` is not a regular, readable file, is empty, or
  // has a header with a repeated name, or with an empty one between tabs. An empty name between
  // other separators becomes `column N`, because programs write numbers of rows under it.
  TableReader(const std::string& path, BadRows& bad, const TableForm& form = {});
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const std::string& path() const;
  const TableForm& form() const { return form_; }
  const std::vector<std::string>& header() const;

  // The fields of the first line, also of a header. They are valid until the first call of next().
  const std::vector<std::string_view>& first_line() const { return cutter_.fields(); }

  // Reads the next valid row. It has as many fields as the header, is UTF-8, and has no NUL and,
  // in a table without quoted fields, no stray carriage return. Other rows are added to the bad
  // rows. Returns false at the end of the file. The fields are valid until the next call. Throws
  // DataError for a row over kMaxLine, damaged compression, or a file that changed while it was
  // read.
  bool next();
  const std::vector<std::string_view>& fields() const { return cutter_.fields(); }
  int64_t line() const { return line_; }  // the first line of the current row, from 1

  // Adds the current row to the bad rows, at the given field.
  void refuse(size_t field, const std::string& what);
  // Throws DataError for the first line.
  [[noreturn]] void refuse_header(const std::string& what) const;

 private:
  struct Stream;
  void read_header(std::string_view record);
  bool next_record(std::string_view* record);
  bool whole(std::string_view record);

  std::unique_ptr<Stream> stream_;
  BadRows& bad_;
  TableForm form_;
  FieldCutter cutter_;
  std::vector<std::string> header_;
  int64_t line_ = 0;
  std::string record_;  // a record of several lines
  std::string first_;   // the first line
  bool first_is_row_ = false;
};

// `path` if it exists, otherwise `path`.gz if that exists, otherwise empty.
std::string with_or_without_gz(const std::string& path);

}  // namespace lea::data
