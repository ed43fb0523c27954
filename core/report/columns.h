// Aligns plain text in columns.
#pragma once

#include <string>
#include <vector>

namespace lea::report {

// Width of UTF-8 text on a terminal: its number of code points.
size_t text_width(const std::string& text);

// Fills the text with spaces to `columns`. `right`: aligns it to the right.
std::string pad(const std::string& text, size_t columns, bool right);

// The lines of `grid` with left-aligned columns, two spaces apart. Lines may differ in length.
std::string align_columns(const std::vector<std::vector<std::string>>& grid);

// Indents every line that is not empty by two spaces.
std::string indent(const std::string& text);

}  // namespace lea::report
