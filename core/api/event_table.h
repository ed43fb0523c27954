// Reads values that a user's file gives for training events: tab-separated text with the columns
// sequence_id and position and others after them (core/base/event_rows.h in LEA Lab's source). Rows
// of sequences or positions outside the training part are skipped, so that one file serves every
// split.
//
// A plugin declares such a file with FileRows (core/spec/params.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/context.h"

namespace lea {

class LEA_API EventTable {
 public:
  // Reads the header: sequence_id, position, and then `columns`. A last name "..." stands for one or
  // more columns of any name. The context must outlive this. Throws DataError.
  EventTable(const std::string& path, std::vector<std::string> columns, const Context& context);
  ~EventTable();
  EventTable(const EventTable&) = delete;
  EventTable& operator=(const EventTable&) = delete;

  // Reads the next row of a training event. Returns false at the end. Throws DataError for a
  // malformed row, and at the end if the file has rows but none of a training event.
  bool next();

  int64_t event() const;
  size_t columns() const;  // with sequence_id and position
  int64_t line() const;

  // The item in a column. Throws DataError when the data set has no item with this id.
  int64_t item(size_t column) const;
  // The finite number in a column. Throws DataError.
  float value(size_t column) const;

  // Throws DataError for the current line.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace lea
