// Plain text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace lea::report {

// Columns that a terminal gives to UTF-8 text of one-column characters.
size_t text_width(const std::string& text);

std::string pad(const std::string& text, size_t columns, bool right);

// Lines of equal length, left-aligned, two spaces apart; the first is the heading.
std::string align_columns(const std::vector<std::vector<std::string>>& grid);

// Every line moved by two spaces.
std::string indent(const std::string& text);

}  // namespace lea::report
