#include "gui/model/plot_series.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "core/report/labels.h"
#include "core/report/measure.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

std::optional<double> number_in(const std::string& label) {
  bool is_number = false;
  const double number = to_qt(label).toDouble(&is_number);
  return is_number && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// The axes on which the rows differ.
std::vector<size_t> varying(const report::Pivot& pivot) {
  std::vector<size_t> axes;
  for (size_t axis = 0; axis < pivot.axes.size(); ++axis) {
    std::set<std::string> labels;
    for (const auto* rows : {&pivot.rows, &pivot.borrowed}) {
      for (const report::Row& row : *rows) labels.insert(row.labels[axis]);
    }
    if (labels.size() > 1) axes.push_back(axis);
  }
  return axes;
}

// The labels of a row on these axes. A number alone would not say what it is.
std::string label_text(const report::Pivot& pivot, const report::Row& row,
                       const std::vector<size_t>& axes) {
  std::string text;
  for (const size_t axis : axes) {
    const std::string& label = row.labels[axis];
    if (label.empty() || label == "-" || label == "none") continue;
    const std::string& name = pivot.axes[axis];
    const bool plain = name == "backbone" || name == "framework" || name == "variant";
    text += text.empty() ? "" : " ";
    text += plain ? label : name.substr(name.rfind('.') + 1) + "=" + label;
  }
  return text;
}

PlotPoint point_of(double x, const std::map<report::Repetition, double>& values) {
  const report::Summary summary = report::summarize(values);
  PlotPoint point{x, summary.mean, summary.half_width, summary.mean, summary.mean, summary.n};
  for (const auto& [repetition, value] : values) {
    point.low = std::min(point.low, value);
    point.high = std::max(point.high, value);
  }
  return point;
}

// The means over `width` steps each, at the last step of each.
RunCurve averaged_over(const RunCurve& curve, double width) {
  RunCurve means{curve.repetition, {}, {}};
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < curve.steps.size(); ++i) {
    sum += curve.values[i];
    ++count;
    const double end = std::ceil(curve.steps[i] / width);
    if (i + 1 < curve.steps.size() && std::ceil(curve.steps[i + 1] / width) == end) continue;
    means.steps.push_back(end * width);
    means.values.push_back(sum / static_cast<double>(count));
    sum = 0;
    count = 0;
  }
  return means;
}

}  // namespace

std::vector<PlotCell> plot_cells(const report::Pivot& pivot) {
  const auto is_trained = [](const report::Row& row) { return !row.untrained; };
  const bool any_trained = std::any_of(pivot.rows.begin(), pivot.rows.end(), is_trained);
  const std::vector<size_t> axes = varying(pivot);
  std::vector<PlotCell> cells;
  std::map<std::string, size_t> names;
  const auto add = [&](const report::Row& row, size_t index, bool borrowed) {
    std::string name = borrowed ? row.name : label_text(pivot, row, axes);
    if (name.empty()) name = row.name.empty() ? pivot.experiment : row.name;
    const size_t before = names[name]++;
    if (before > 0) name += " #" + std::to_string(before + 1);
    cells.push_back({name, any_trained && row.untrained, cells.size(), borrowed, index});
  };
  for (const bool floor : {false, true}) {
    for (size_t i = 0; i < pivot.rows.size(); ++i) {
      if ((any_trained && pivot.rows[i].untrained) == floor) add(pivot.rows[i], i, false);
    }
  }
  for (size_t i = 0; i < pivot.borrowed.size(); ++i) add(pivot.borrowed[i], i, true);
  return cells;
}

size_t main_column(const report::Pivot& pivot) {
  for (const report::Row& row : pivot.rows) {
    if (row.finished.empty()) continue;
    const report::Member& member = row.finished.front();
    const auto& known = pivot.closed ? member.metrics.valid : member.metrics.test;
    const std::string metric = report::main_metric(member.run, known);
    for (size_t column = 0; column < pivot.columns.size(); ++column) {
      if (pivot.columns[column].metric == metric) return column;
    }
  }
  return pivot.columns.size() - 1;
}

std::vector<BarGroup> bars_of(const PlotTable& table, const std::set<size_t>& shown,
                              size_t column) {
  std::vector<std::string> order;
  std::map<std::string, BarGroup> groups;
  for (const size_t index : shown) {
    if (index >= table.cells.size()) continue;
    const PlotCell& cell = table.cells[index];
    const report::Row& row = table.row(cell);
    const report::Summary& summary = row.values.at(column).summary;
    if (summary.n == 0) continue;
    const auto [group, fresh] = groups.emplace(row.group, BarGroup());
    if (fresh) order.push_back(row.group);
    cell.floor ? group->second.floors.push_back({cell.name, summary.mean, false})
               : group->second.bars.push_back({cell.name, cell.style, summary});
  }
  std::vector<BarGroup> list;
  for (const std::string& name : order) {
    BarGroup& group = list.emplace_back(std::move(groups[name]));
    const auto best =
        std::max_element(group.floors.begin(), group.floors.end(),
                         [](const auto& a, const auto& b) { return a.mean < b.mean; });
    if (best != group.floors.end()) best->best = true;
  }
  return list;
}

PlotLine mean_curve(const std::vector<RunCurve>& curves, size_t most, double* averaged) {
  size_t longest = 0;
  double last = 0;
  for (const RunCurve& curve : curves) {
    longest = std::max(longest, curve.steps.size());
    if (!curve.steps.empty()) last = std::max(last, curve.steps.back());
  }
  const double width = longest > most ? std::ceil(last / static_cast<double>(most)) : 0;
  *averaged = std::max(*averaged, width);
  std::map<double, std::map<report::Repetition, double>> by_step;
  for (const RunCurve& whole : curves) {
    const RunCurve curve = width > 1 ? averaged_over(whole, width) : whole;
    for (size_t i = 0; i < curve.steps.size(); ++i)
      by_step[curve.steps[i]][curve.repetition] = curve.values[i];
  }
  PlotLine line;
  for (const auto& [step, values] : by_step) line.points.push_back(point_of(step, values));
  const auto all = static_cast<int64_t>(
      std::count_if(curves.begin(), curves.end(), [](const auto& c) { return !c.steps.empty(); }));
  while (line.complete < line.points.size() && line.points[line.complete].n == all) ++line.complete;
  return line;
}

std::vector<std::string> numeric_axes(const PlotTable& table) {
  std::vector<std::string> axes;
  for (size_t axis = 0; axis < table.pivot.axes.size(); ++axis) {
    std::set<double> numbers;
    for (const report::Row& row : table.pivot.rows) {
      const auto number = row.untrained ? std::nullopt : number_in(row.labels[axis]);
      if (number) numbers.insert(*number);
    }
    if (numbers.size() > 1) axes.push_back(table.pivot.axes[axis]);
  }
  return axes;
}

Sweep sweep_of(const PlotTable& table, const std::set<size_t>& shown, const std::string& axis,
               size_t column) {
  const report::Pivot& pivot = table.pivot;
  const auto found = std::find(pivot.axes.begin(), pivot.axes.end(), axis);
  Sweep sweep;
  if (found == pivot.axes.end()) return sweep;
  const auto at = static_cast<size_t>(found - pivot.axes.begin());
  std::vector<size_t> others = varying(pivot);
  std::erase(others, at);
  std::map<std::string, size_t> lines;
  for (const size_t index : shown) {
    if (index >= table.cells.size() || table.cells[index].floor) continue;
    const report::Row& row = table.row(table.cells[index]);
    if (row.values.at(column).summary.n == 0 || table.cells[index].borrowed) continue;
    const auto number = number_in(row.labels[at]);
    if (!number) {
      ++sweep.without_number;
      continue;
    }
    // Rows of other data or another protocol belong on another line.
    const std::string name = label_text(pivot, row, others);
    const auto [line, fresh] = lines.emplace(name + "\n" + row.group, sweep.lines.size());
    if (fresh)
      sweep.lines.push_back({name.empty() ? axis : name, sweep.lines.size(), false, {}, 0});
    sweep.lines[line->second].points.push_back(
        point_of(*number, report::values_of(row, pivot.columns[column])));
    sweep.positive = sweep.positive && *number > 0;
  }
  double best = -std::numeric_limits<double>::infinity();
  for (size_t line = 0; line < sweep.lines.size(); ++line) {
    auto& points = sweep.lines[line].points;
    std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    sweep.lines[line].complete = points.size();
    for (size_t point = 0; point < points.size(); ++point) {
      if (points[point].mean <= best) continue;
      best = points[point].mean;
      sweep.best = {line, point};
    }
  }
  return sweep;
}

const PlotLine& of_metric(const CellCuts& cuts, const std::string& metric) {
  return metric == "hr" ? cuts.hr : metric == "mrr" ? cuts.mrr : cuts.ndcg;
}

const std::vector<int64_t>& plot_cuts() {
  static const std::vector<int64_t> kCuts = {1, 2, 3, 5, 10, 20, 50, 100};
  return kCuts;
}

CellCuts cuts_of(const report::Row& row, const std::string& lab,
                 const std::function<bool()>& cancelled) {
  using Values = std::map<int64_t, std::map<report::Repetition, double>>;
  std::map<std::string, Values> by_metric;
  CellCuts cuts;
  cuts.runs = row.finished.size();
  for (const report::Member& member : row.finished) {
    if (cancelled()) return {};
    report::TableOptions options;
    options.lab = lab;
    std::set<int64_t> wanted(plot_cuts().begin(), plot_cuts().end());
    for (const int64_t k : report::protocol_of(member.run).k) wanted.insert(k);
    options.k.assign(wanted.begin(), wanted.end());
    report::Measured metrics = member.metrics;
    try {
      metrics = report::measure(member.run, member.metrics, options, member.closed);
    } catch (const DataError&) {
      ++cuts.without_ranks;
    }
    for (const auto& [name, value] : member.closed ? metrics.valid : metrics.test) {
      const auto [metric, k] = eval::parse_metric(name);
      by_metric[metric][k][member.repetition] = value;
    }
  }
  for (const auto& [metric, line] :
       {std::pair{"hr", &cuts.hr}, {"ndcg", &cuts.ndcg}, {"mrr", &cuts.mrr}}) {
    for (const auto& [k, values] : by_metric[metric]) {
      if (values.size() == row.finished.size())
        line->points.push_back(point_of(static_cast<double>(k), values));
    }
    line->complete = line->points.size();
  }
  return cuts;
}

}  // namespace lea::gui
