#include "core/report/columns.h"

#include <algorithm>

namespace lea::report {

size_t text_width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string pad(const std::string& text, size_t columns, bool right) {
  const size_t own = text_width(text);
  const std::string space(columns > own ? columns - own : 0, ' ');
  return right ? space + text : text + space;
}

std::string align_columns(const std::vector<std::vector<std::string>>& grid) {
  std::vector<size_t> widths;
  for (const auto& line : grid) {
    widths.resize(std::max(widths.size(), line.size()));
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], text_width(line[c]));
  }
  std::string text;
  for (const auto& line : grid) {
    std::string shown;
    for (size_t c = 0; c < line.size(); ++c) {
      shown += (c == 0 ? "" : "  ") + pad(line[c], widths[c], /*right=*/false);
    }
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + "\n";
  }
  return text;
}

std::string indent(const std::string& text) {
  std::string shown;
  bool fresh = true;
  for (const char c : text) {
    if (fresh && c != '\n') shown += "  ";
    fresh = c == '\n';
    shown += c;
  }
  return shown;
}

}  // namespace lea::report
