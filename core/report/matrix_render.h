// Renders a matrix with axes in its columns as Markdown, CSV or LaTeX. A matrix that shows what
// `lealab table` prints is rendered as that (core/report/render.h).
#pragma once

#include <string>
#include <vector>

#include "core/report/matrix.h"

namespace lea::report {

// What stands around the cells.
struct MatrixText {
  std::string title;                  // the experiment
  std::vector<std::string> notes;     // the footer, one line each, plain text
  std::vector<std::string> commands;  // shell commands that the footer recommends
};

// The number of a cell with its interval: "0.0712 ± 0.0012", "0.0712 –"; otherwise why there is none.
std::string cell_text(const MatrixCell& cell);

// What the numbers are, as a clause.
std::string meaning_of(const Matrix& matrix);

std::string render_markdown(const Matrix& matrix, const MatrixText& text);
// A line for each row. Each column has its mean with all digits, the half width of its interval, its
// mark and its number of runs.
std::string render_csv(const Matrix& matrix, const MatrixText& text);
// Needs the package booktabs. Equal labels side by side in an upper line of the head are joined.
std::string render_latex(const Matrix& matrix, const MatrixText& text);

}  // namespace lea::report
