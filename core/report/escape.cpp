#include <map>

#include "core/base/text.h"
#include "core/report/render.h"

namespace lea::report {

std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : printable(text)) {
    if (std::string("\\`*_{}[]<>#|~").find(c) != std::string::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string escape_csv(const std::string& text) {
  // CWE-1236: a spreadsheet runs text with such a first character as a formula. An apostrophe
  // prevents this.
  const bool formula = !text.empty() && std::string("=+-@\t\r").find(text[0]) != std::string::npos;
  if (!formula && text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = formula ? "\"'" : "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  quoted += '"';
  return quoted;
}

std::string escape_latex(const std::string& text) {
  static const std::map<char, std::string> kEscapes = {{'\\', "\\textbackslash{}"},
                                                       {'{', "\\{"},
                                                       {'}', "\\}"},
                                                       {'$', "\\$"},
                                                       {'&', "\\&"},
                                                       {'#', "\\#"},
                                                       {'%', "\\%"},
                                                       {'_', "\\_"},
                                                       {'^', "\\textasciicircum{}"},
                                                       {'~', "\\textasciitilde{}"},
                                                       {'<', "\\textless{}"},
                                                       {'>', "\\textgreater{}"},
                                                       {'|', "\\textbar{}"},
                                                       {'"', "\\textquotedbl{}"}};
  std::string escaped;
  for (const char c : printable(text)) {
    const auto found = kEscapes.find(c);
    escaped += found == kEscapes.end() ? std::string(1, c) : found->second;
  }
  return escaped;
}

}  // namespace lea::report
