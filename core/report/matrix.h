// Arranges the runs of an experiment over axes that a reader chooses: rows, columns and filters.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/report/matrix_source.h"

namespace lea::report {

// Where the axes are. Those in neither list are filters.
struct MatrixView {
  std::vector<std::string> rows, columns;      // names of axes
  std::map<std::string, std::string> filters;  // axis -> the label that is shown; no entry: all

  bool operator==(const MatrixView&) const = default;
};

struct MatrixCell {
  // Mean and interval over the runs of one setting, as in a table. Over several settings, because an
  // axis on which they differ is a filter that lets all of them pass: the mean of their means, without
  // an interval and a mark.
  TableValue value;
  std::array<uint32_t, kStandings> counts{};  // of runs, by Standing
  uint32_t settings = 0;                      // number of settings with runs or planned runs
  bool closed = false;                        // the test part of a run is closed
  bool borrowed = false;                      // of another experiment
  bool below_floor = false;

  uint32_t count(Standing standing) const { return counts[static_cast<size_t>(standing)]; }
  uint32_t runs() const;  // without the missing ones
  // What stands for the whole cell: the worst of its runs. kFinished where all have finished.
  Standing standing() const;
  bool is_empty() const { return settings == 0; }  // no such combination is planned
};

struct Matrix {
  MatrixView view;
  std::vector<std::vector<std::string>> rows, columns;  // the labels of each, one for each axis
  std::vector<MatrixCell> cells;                        // row by row
  bool over_splits = false;                             // the numbers are means over splits

  const MatrixCell& cell(size_t row, size_t column) const {
    return cells[row * columns.size() + column];
  }
};

// A matrix with more cells helps nobody, and would fill the memory.
inline constexpr size_t kMostCells = 250000;

// The view that shows what `lealab table` prints.
MatrixView table_view(const MatrixSource& source);

// The view as it fits the axes of the source: axes that it lacks are left out, filters with unknown
// labels let all pass, and the metric and the part, which have no common mean, get the label of the
// main column where they are filters without one.
MatrixView fitted(MatrixView view, const MatrixSource& source);

// The columns of the source that a view shows.
std::vector<size_t> columns_of(const MatrixSource& source, const MatrixView& view);

// Precondition: the view is fitted. Best and second are marked among the cells of one metric, part,
// data, split and protocol, and of one seed where seeds are apart. Throws UsageError for more than
// kMostCells cells.
Matrix arrange(const MatrixSource& source, const MatrixView& view);

// The indices of the runs of a cell in the source.
std::vector<size_t> runs_in(const MatrixSource& source, const Matrix& matrix, size_t row,
                            size_t column);
// The column of the source that a cell shows.
size_t column_in(const MatrixSource& source, const Matrix& matrix, size_t row, size_t column);

// A label of an axis for people: "NDCG@20".
std::string shown_label(const std::string& axis, const std::string& label);

// What a cell without a number says: "FAILED", "running", "not run", "closed"; empty for a cell that
// has a number or is no combination of the plan.
std::string why_no_number(const MatrixCell& cell);

// Lines that explain what the view itself does to the numbers: its filters, and means over settings.
std::vector<std::string> view_notes(const Matrix& matrix, const MatrixSource& source);

}  // namespace lea::report
