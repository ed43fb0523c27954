// Renders a pivot as text, Markdown, CSV, LaTeX or JSON.
#pragma once

#include <string>

#include "core/report/pivot.h"

namespace lea::report {

// `terminal`: marks the best values with ANSI codes, otherwise with ¹ and ².
std::string render_text(const Pivot& pivot, bool terminal);
std::string render_markdown(const Pivot& pivot);
std::string render_csv(const Pivot& pivot);
std::string render_latex(const Pivot& pivot);
std::string render_json(const Pivot& pivot);

// What the numbers of the table are, as a clause.
std::string meaning_of(const Pivot& pivot);
inline constexpr const char* kBelowFloor = "below the training-free floor";

// Escape characters that are markup in the format or, at the start of a CSV field, make a
// spreadsheet run the text as a formula.
std::string escape_markdown(const std::string& text);
std::string escape_latex(const std::string& text);

}  // namespace lea::report
