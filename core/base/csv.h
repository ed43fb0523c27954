// Fields of CSV files that people also open in spreadsheets.
#pragma once

#include <string>
#include <vector>

namespace lea {

// A field, quoted where commas, quotes or line breaks need it. Text that a spreadsheet would run as
// a formula gets an apostrophe in front, and so does text that begins with an apostrophe.
std::string csv_field(const std::string& text);

// The fields of one line: the inverse of csv_field. Also takes a carriage return off its end.
std::vector<std::string> split_csv(const std::string& line);

}  // namespace lea
