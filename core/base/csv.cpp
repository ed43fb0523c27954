#include "core/base/csv.h"

namespace lea {
namespace {

// A spreadsheet runs text that begins with one of the first six as a formula (CWE-1236).
constexpr const char* kProtected = "=+-@\t\r'";

}  // namespace

std::string csv_field(const std::string& text) {
  std::string field = text;
  if (!field.empty() && std::string(kProtected).find(field[0]) != std::string::npos)
    field = "'" + field;
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::vector<std::string> split_csv(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  const size_t end = line.ends_with('\r') ? line.size() - 1 : line.size();
  for (size_t i = 0; i < end; ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < end && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) {
    if (field.size() > 1 && field[0] == '\'' &&
        std::string(kProtected).find(field[1]) != std::string::npos) {
      field.erase(0, 1);
    }
  }
  return fields;
}

}  // namespace lea
