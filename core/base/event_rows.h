// Reads text that a user gives for events of a data set: tab-separated, with a header,
//
//   sequence_id <TAB> position <TAB> ...
//
// where sequence_id is an original id and position counts the events of the sequence from 0. The
// columns after these two depend on the file.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

class EventRows {
 public:
  // Reads the header: sequence_id, position, and then `columns`. A last name "..." stands for one or
  // more columns of any name. Throws DataError "PATH:LINE: ...".
  EventRows(const std::string& path, std::vector<std::string> columns);
  EventRows(const EventRows&) = delete;
  EventRows& operator=(const EventRows&) = delete;

  // Reads the next row; false at the end. Throws DataError when the row has too few or too many
  // columns, or when its position is not a whole number of at least 0.
  bool next();

  // Of the row that was read. The texts are valid until the next call of next().
  std::string_view sequence() const { return fields_[0]; }
  int64_t position() const { return position_; }
  std::string_view field(size_t column) const { return fields_[column]; }
  float value(size_t column) const;  // Throws DataError unless it is a finite number.
  int64_t line() const { return line_; }

  size_t columns() const { return columns_; }  // with the first two
  int64_t rows() const { return rows_; }       // that were read

  // Throws DataError for the current line.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  bool read_fields();
  void check_header() const;
  template <class T>
  T number(size_t column, const char* what) const;
  std::string name_of(size_t column) const;
  std::string header_form() const;

  std::string path_;
  std::vector<std::string> form_;  // the names of all columns
  std::ifstream file_;
  std::string text_;
  std::vector<std::string_view> fields_;
  size_t columns_ = 0;
  int64_t line_ = 0, rows_ = 0, position_ = 0;
};

}  // namespace lea
