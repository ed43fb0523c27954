// Cuts the records of a table into fields.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace lea::data {

class FieldCutter {
 public:
  // `separator` must not be empty. With `,` or `;` a field may stand in quotation marks, as in CSV
  // (RFC 4180). It may then hold separators and line ends, and a quotation mark that is written
  // twice. With any other separator a quotation mark is an ordinary character.
  explicit FieldCutter(std::string separator);

  bool quotes() const { return quotes_; }

  // Whether a quoted field is still open at the end of this line, so that the next line belongs to
  // the same record. Call it once for each line, in their order.
  bool continues(std::string_view line);

  // Cuts a record. Returns an empty text, or else what is wrong, and the byte of the record where
  // it is. The fields are valid until the next call, and no longer than the record.
  std::string cut(std::string_view record, size_t* where);
  const std::vector<std::string_view>& fields() const { return fields_; }
  size_t start(size_t field) const { return starts_[field]; }  // its first byte in the record

 private:
  std::string cut_quoted(std::string_view record, size_t* at);

  std::string separator_;
  bool quotes_;
  bool open_ = false;  // a quoted field is open at the end of the last line
  std::vector<std::string_view> fields_;
  std::vector<size_t> starts_;
  std::deque<std::string> unescaped_;  // fields that held a quotation mark
};

}  // namespace lea::data
