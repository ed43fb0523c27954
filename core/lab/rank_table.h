// The rows of a file of ranks as text, whichever format the file has.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace lea::lab {

// Reads a CSV file with a header, with or without a byte order mark, or a file in NumPy's npz format
// with an array for each column. The content decides the format, not the name. The arrays hold
// integers, floating-point numbers or byte strings, and have one dimension and one length; an array
// without a dimension stands for each row.
class RankTable {
 public:
  // Throws DataError when the file cannot be read, is empty, too large or damaged, or has an array of
  // another kind.
  explicit RankTable(const std::string& path);
  ~RankTable();
  RankTable(const RankTable&) = delete;
  RankTable& operator=(const RankTable&) = delete;

  const std::vector<std::string>& columns() const;

  // Goes to the next row. Returns false after the last one. Throws DataError.
  bool next();
  // The row has one field for each column. In CSV it has as many as the line.
  const std::vector<std::string>& fields() const { return fields_; }
  // Returns where the row stands: "FILE:3", or "FILE: row 2" for arrays, whose rows count from 1.
  // Before the first row it is the place of the names of the columns.
  std::string place() const;

  struct Rows;

 private:
  std::unique_ptr<Rows> rows_;
  std::vector<std::string> fields_;
};

}  // namespace lea::lab
