// What the plots of an experiment show, computed from its table (core/report/pivot.h): bars, mean
// curves, metrics by cut, and sweeps over a parameter. Nothing here draws, asks or waits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/report/pivot.h"
#include "db/store/store.h"

namespace lea::gui {

// A row of the table, as all plots name and draw it.
struct PlotCell {
  std::string name;       // what tells the row apart from the others; unique
  bool floor = false;     // training-free beside trained rows: a line that these have to beat
  size_t style = 0;       // its colour, marker and dashes
  bool borrowed = false;  // of another experiment
  size_t row = 0;         // in Pivot::rows, or in Pivot::borrowed
};

// An experiment as its plots need it. It does not change once it is made.
struct PlotTable {
  report::Pivot pivot;
  std::vector<PlotCell> cells;  // rows without a run that finished or trains are cells, too

  const report::Row& row(const PlotCell& cell) const {
    return (cell.borrowed ? pivot.borrowed : pivot.rows).at(cell.row);
  }
};

// Trained rows first, in the order of the table.
std::vector<PlotCell> plot_cells(const report::Pivot& pivot);

// The column that the plots show first: the main metric of the test part, or of validation when the
// test part is closed. Precondition: the pivot has columns.
size_t main_column(const report::Pivot& pivot);

// A mean with its interval and the range of the values.
struct PlotPoint {
  double x = 0, mean = 0;
  std::optional<double> half_width;  // of the 95 % interval; empty for one value
  double low = 0, high = 0;          // the least and the greatest value
  int64_t n = 0;                     // number of runs
};

struct PlotLine {
  std::string name;
  size_t style = 0;
  bool floor = false;
  std::vector<PlotPoint> points;  // by rising x
  // Number of leading points that are means of all runs. The others lack runs that stopped earlier.
  size_t complete = 0;
};

struct Bar {
  std::string name;
  size_t style = 0;
  report::Summary summary;
};

// The rows of one data set, split and protocol: only these can be compared.
struct BarGroup {
  std::vector<Bar> bars;
  struct Floor {
    std::string name;
    double mean = 0;
    bool best = false;
  };
  std::vector<Floor> floors;  // training-free rows
};

// The bars of the cells that are shown, in a column of the table. Rows without a value are left out.
std::vector<BarGroup> bars_of(const PlotTable& table, const std::set<size_t>& shown, size_t column);

// A curve of one run.
struct RunCurve {
  report::Repetition repetition;
  std::vector<double> steps, values;  // in the order of steps
};

// The mean of the curves at each step that one of them has. Long curves are averaged over a number of
// steps first, so that about `most` points are left; `*averaged` is set to the number of those steps.
PlotLine mean_curve(const std::vector<RunCurve>& curves, size_t most, double* averaged);

// The axes of the table on which trained rows have at least two numbers.
std::vector<std::string> numeric_axes(const PlotTable& table);

// A metric against the numbers of an axis, a line for each combination of the other axes.
struct Sweep {
  std::vector<PlotLine> lines;
  struct Place {
    size_t line = 0, point = 0;
  };
  std::optional<Place> best;  // the greatest mean
  bool positive = true;       // all numbers are greater than 0, so that a log scale can show them
  size_t without_number = 0;  // rows whose label is no number
};
Sweep sweep_of(const PlotTable& table, const std::set<size_t>& shown, const std::string& axis,
               size_t column);

// The metrics of a row by cut.
struct CellCuts {
  PlotLine hr, ndcg, mrr;
  size_t runs = 0, without_ranks = 0;  // without ranks, only the stored cuts are known
};
const PlotLine& of_metric(const CellCuts& cuts,
                          const std::string& metric);  // "hr", "ndcg" or "mrr"

// Cuts that plots show beside those of the runs.
const std::vector<int64_t>& plot_cuts();

// Reads the ranks of the row's runs in the lab, until `cancelled`. A cut that is not known of all
// finished runs of the row is left out.
CellCuts cuts_of(const report::Row& row, const std::string& lab,
                 const std::function<bool()>& cancelled);

}  // namespace lea::gui
