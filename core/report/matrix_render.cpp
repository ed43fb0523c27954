#include "core/report/matrix_render.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/csv.h"
#include "core/base/text.h"
#include "core/report/render.h"

namespace lea::report {
namespace {

std::string half_width_of(const MatrixCell& cell) {
  const auto& half = cell.value.summary.half_width;
  return half ? fixed(*half) : "";
}

const char* mark_of(const MatrixCell& cell) {
  return cell.value.mark == Mark::kBest ? "best" : cell.value.mark == Mark::kSecond ? "second" : "";
}

// The labels of a column in one line: "gru4rec / NDCG@20". Without an axis: "value".
std::string column_title(const Matrix& matrix, size_t column) {
  std::vector<std::string> parts;
  for (size_t a = 0; a < matrix.view.columns.size(); ++a)
    parts.push_back(shown_label(matrix.view.columns[a], matrix.columns[column][a]));
  return parts.empty() ? "value" : joined(parts, " / ");
}

bool any_below(const Matrix& matrix) {
  return std::any_of(matrix.cells.begin(), matrix.cells.end(),
                     [](const MatrixCell& cell) { return cell.below_floor; });
}

// Whether a rule separates a row from the one before: its first label is another one.
bool starts_block(const Matrix& matrix, size_t row) {
  return row > 0 && matrix.view.rows.size() > 1 && matrix.rows[row][0] != matrix.rows[row - 1][0];
}

// How many columns from `from` on have the same labels on the axes up to `level`.
size_t span_of(const Matrix& matrix, size_t level, size_t from) {
  size_t to = from + 1;
  const auto same = [&](size_t column) {
    return std::equal(matrix.columns[from].begin(),
                      matrix.columns[from].begin() + static_cast<std::ptrdiff_t>(level) + 1,
                      matrix.columns[column].begin());
  };
  while (to < matrix.columns.size() && same(to)) ++to;
  return to - from;
}

std::string latex_label(const std::string& axis, const std::string& label) {
  return label == "-" ? "--" : escape_latex(shown_label(axis, label));
}

// The lines of the head, one for each axis of the columns, with rules below the joined labels.
std::string latex_head(const Matrix& matrix) {
  const size_t labels = matrix.view.rows.size(), levels = matrix.view.columns.size();
  std::string text;
  for (size_t level = 0; level < std::max<size_t>(levels, 1); ++level) {
    const bool last = level + 1 >= levels;
    std::string rules;
    for (size_t a = 0; a < labels; ++a)
      text += (a == 0 ? "" : " & ") + (last ? escape_latex(matrix.view.rows[a]) : "");
    for (size_t column = 0; column < matrix.columns.size();) {
      if (column > 0 || labels > 0) text += " & ";
      if (levels == 0) {
        text += "value";
        break;
      }
      const std::string label =
          latex_label(matrix.view.columns[level], matrix.columns[column][level]);
      const size_t span = last ? 1 : span_of(matrix, level, column);
      if (span == 1) {
        text += label;
      } else {
        text += "\\multicolumn{" + std::to_string(span) + "}{c}{" + label + "}";
        rules += "\\cmidrule(lr){" + std::to_string(labels + column + 1) + "-" +
                 std::to_string(labels + column + span) + "}";
      }
      column += span;
    }
    text += " \\\\\n";
    if (!rules.empty()) text += rules + "\n";
  }
  return text;
}

std::string latex_cell(const MatrixCell& cell) {
  if (cell.value.summary.n == 0) return escape_latex(why_no_number(cell));
  std::string shown = fixed(cell.value.summary.mean);
  if (cell.value.mark == Mark::kBest) shown = "\\textbf{" + shown + "}";
  if (cell.value.mark == Mark::kSecond) shown = "\\underline{" + shown + "}";
  if (!cell.value.significance.empty())
    shown += "$^{" + escape_latex(cell.value.significance) + "}$";
  if (cell.below_floor) shown += "$^\\dagger$";
  const std::string half = half_width_of(cell);
  return shown + (half.empty() ? " --" : " $\\pm$ " + half);
}

std::string markdown_cell(const MatrixCell& cell) {
  if (cell.value.summary.n == 0) return escape_markdown(why_no_number(cell));
  std::string shown = fixed(cell.value.summary.mean);
  if (cell.value.mark == Mark::kBest) shown = "**" + shown + "**";
  if (cell.value.mark == Mark::kSecond) shown = "<ins>" + shown + "</ins>";
  shown += escape_markdown(cell.value.significance) + (cell.below_floor ? "†" : "");
  const std::string half = half_width_of(cell);
  return shown + (half.empty() ? " –" : " ± " + half);
}

}  // namespace

std::string cell_text(const MatrixCell& cell) {
  if (cell.value.summary.n == 0) return why_no_number(cell);
  const std::string half = half_width_of(cell);
  return fixed(cell.value.summary.mean) + cell.value.significance +
         (half.empty() ? " –" : " ± " + half);
}

std::string meaning_of(const Matrix& matrix) {
  Pivot pivot;
  pivot.over_splits = matrix.over_splits;
  return meaning_of(pivot);
}

std::string render_markdown(const Matrix& matrix, const MatrixText& text) {
  std::string out = "### " + escape_markdown(text.title) + "\n\n|", rule = "|";
  for (const std::string& axis : matrix.view.rows) {
    out += " " + escape_markdown(axis) + " |";
    rule += " --- |";
  }
  for (size_t column = 0; column < matrix.columns.size(); ++column) {
    out += " " + escape_markdown(column_title(matrix, column)) + " |";
    rule += " ---: |";
  }
  out += "\n" + rule + "\n";
  for (size_t row = 0; row < matrix.rows.size(); ++row) {
    out += "|";
    for (size_t a = 0; a < matrix.view.rows.size(); ++a)
      out += " " + escape_markdown(shown_label(matrix.view.rows[a], matrix.rows[row][a])) + " |";
    for (size_t column = 0; column < matrix.columns.size(); ++column)
      out += " " + markdown_cell(matrix.cell(row, column)) + " |";
    out += "\n";
  }
  out += "\n" + meaning_of(matrix) + ", – for a single " + (matrix.over_splits ? "split" : "run") +
         "; **best**, <ins>second</ins>" +
         (any_below(matrix) ? std::string("; † ") + kBelowFloor : std::string()) + ".\n\n";
  for (const std::string& note : text.notes) out += "- " + escape_markdown(note) + "\n";
  for (const std::string& command : text.commands) out += "\n    " + command + "\n";
  return out;
}

std::string render_csv(const Matrix& matrix, const MatrixText& text) {
  std::string out = "experiment";
  for (const std::string& axis : matrix.view.rows) out += "," + csv_field(axis);
  for (size_t column = 0; column < matrix.columns.size(); ++column) {
    const std::string name = column_title(matrix, column);
    for (const char* what : {"", " half width", " mark", " n"}) out += "," + csv_field(name + what);
  }
  out += "\n";
  const auto number = [](double value) { return nlohmann::json(value).dump(); };  // all digits
  for (size_t row = 0; row < matrix.rows.size(); ++row) {
    out += csv_field(text.title);
    for (const std::string& label : matrix.rows[row])
      out += "," + (label == "-" ? "" : csv_field(label));
    for (size_t column = 0; column < matrix.columns.size(); ++column) {
      const MatrixCell& cell = matrix.cell(row, column);
      const Summary& summary = cell.value.summary;
      out += "," + (summary.n > 0 ? number(summary.mean) : "");
      out += "," + (summary.half_width ? number(*summary.half_width) : "");
      out += std::string(",") + mark_of(cell) + "," +
             (cell.is_empty() ? "" : std::to_string(summary.n));
    }
    out += "\n";
  }
  return out;
}

std::string render_latex(const Matrix& matrix, const MatrixText& text) {
  const size_t labels = matrix.view.rows.size();
  std::string out = "% " + printable(text.title) + "; needs the package booktabs\n";
  out += "\\begin{tabular}{" + std::string(labels, 'l') + std::string(matrix.columns.size(), 'r') +
         "}\n\\toprule\n" + latex_head(matrix) + "\\midrule\n";
  for (size_t row = 0; row < matrix.rows.size(); ++row) {
    if (starts_block(matrix, row)) out += "\\midrule\n";
    for (size_t a = 0; a < labels; ++a)
      out += (a == 0 ? "" : " & ") + latex_label(matrix.view.rows[a], matrix.rows[row][a]);
    for (size_t column = 0; column < matrix.columns.size(); ++column)
      out += (column > 0 || labels > 0 ? " & " : "") + latex_cell(matrix.cell(row, column));
    out += " \\\\\n";
  }
  out += "\\bottomrule\n";
  if (any_below(matrix)) {
    out += "\\multicolumn{" + std::to_string(labels + matrix.columns.size()) +
           "}{l}{\\footnotesize $^\\dagger$ " + kBelowFloor + "} \\\\\n";
  }
  out += "\\end{tabular}\n% " + meaning_of(matrix) + "; best bold, second underlined.\n";
  for (const std::string& note : text.notes) out += "% " + note + "\n";
  for (const std::string& command : text.commands) out += "%   " + command + "\n";
  return out;
}

}  // namespace lea::report
