// A pivot as text, Markdown, CSV, LaTeX or JSON.
#pragma once

#include <string>

#include "core/report/pivot.h"

namespace lea::report {

std::string render_text(const Pivot& pivot, bool terminal);
std::string render_markdown(const Pivot& pivot);
std::string render_csv(const Pivot& pivot);
std::string render_latex(const Pivot& pivot);
std::string render_json(const Pivot& pivot);

// Text that a format would otherwise read as markup or, in a spreadsheet, as a formula.
std::string escape_markdown(const std::string& text);
std::string escape_csv(const std::string& text);  // a whole cell, quoted where needed
std::string escape_latex(const std::string& text);

}  // namespace lea::report
