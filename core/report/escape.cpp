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
