#include "core/report/matrix.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::report {
namespace {

using Label = uint32_t;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Which block of the table a setting is in.
uint32_t block_of(const MatrixSource::Setting& setting) {
  return setting.borrowed ? 1 : setting.untrained ? 0 : 2;
}

// Of a run in a column: the labels on the axes that are no settings.
struct Place {
  Label split, seed, metric, part;
};

// The rows or the columns of a matrix: places runs at heads, which are made as they are needed.
class Side {
 public:
  Side(const MatrixSource& source, const std::vector<std::string>& axes) : source_(source) {
    for (const std::string& name : axes) axes_.push_back(kind_of(name));
    std::map<std::vector<Label>, uint64_t> ids;
    for (const MatrixSource::Setting& setting : source.settings) {
      std::vector<Label> labels;
      for (const Kind& kind : axes_) {
        if (kind.what == What::kSetting) labels.push_back(setting.labels[kind.axis]);
      }
      setting_ids_.push_back(ids.emplace(std::move(labels), ids.size()).first->second);
    }
  }

  // The index of the head of a run.
  uint32_t at(uint32_t setting, const Place& place) {
    uint64_t key = setting_ids_[setting];
    const auto add = [&](bool here, const MatrixSource::Axis& axis, Label label) {
      if (here) key = key * axis.labels.size() + label;
    };
    add(has_split_, source_.split, place.split);
    add(has_seed_, source_.seed, place.seed);
    add(has_metric_, source_.metric, place.metric);
    add(has_part_, source_.part, place.part);
    const auto [found, fresh] = index_.emplace(key, static_cast<uint32_t>(heads_.size()));
    const uint32_t block = block_of(source_.settings[setting]);
    // Settings of other experiments have an order of their own in the table.
    const std::pair order(block, block == 1 ? setting : 0);
    if (fresh) heads_.push_back({order, labels_of(setting, place)});
    heads_[found->second].order = std::min(heads_[found->second].order, order);
    return found->second;
  }

  size_t size() const { return heads_.size(); }

  // The order of the heads: the index of each head -> its place. `labels` gets their texts in order.
  std::vector<uint32_t> sorted(std::vector<std::vector<std::string>>* labels) const {
    std::vector<uint32_t> order(heads_.size()), places(heads_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::tie(heads_[a].order, heads_[a].labels) <
             std::tie(heads_[b].order, heads_[b].labels);
    });
    for (uint32_t i = 0; i < order.size(); ++i) {
      places[order[i]] = i;
      std::vector<std::string>& texts = labels->emplace_back();
      for (size_t a = 0; a < axes_.size(); ++a)
        texts.push_back(axis_of(axes_[a]).labels[heads_[order[i]].labels[a]]);
    }
    return places;
  }

 private:
  enum class What { kSetting, kSplit, kSeed, kMetric, kPart };
  struct Kind {
    What what;
    size_t axis = 0;  // in source.settings_axes
  };
  struct Head {
    std::pair<uint32_t, uint32_t> order;  // before that of the labels
    std::vector<Label> labels;
  };

  Kind kind_of(const std::string& name) {
    for (size_t a = 0; a < source_.settings_axes.size(); ++a) {
      if (source_.settings_axes[a].name == name) return {What::kSetting, a};
    }
    if (name == kSplitAxis) return has_split_ = true, Kind{What::kSplit};
    if (name == kSeedAxis) return has_seed_ = true, Kind{What::kSeed};
    if (name == kMetricAxis) return has_metric_ = true, Kind{What::kMetric};
    return has_part_ = true, Kind{What::kPart};
  }

  const MatrixSource::Axis& axis_of(const Kind& kind) const {
    switch (kind.what) {
      case What::kSetting:
        return source_.settings_axes[kind.axis];
      case What::kSplit:
        return source_.split;
      case What::kSeed:
        return source_.seed;
      case What::kMetric:
        return source_.metric;
      case What::kPart:
        break;
    }
    return source_.part;
  }

  std::vector<Label> labels_of(uint32_t setting, const Place& place) const {
    std::vector<Label> labels;
    for (const Kind& kind : axes_) {
      switch (kind.what) {
        case What::kSetting:
          labels.push_back(source_.settings[setting].labels[kind.axis]);
          break;
        case What::kSplit:
          labels.push_back(place.split);
          break;
        case What::kSeed:
          labels.push_back(place.seed);
          break;
        case What::kMetric:
          labels.push_back(place.metric);
          break;
        case What::kPart:
          labels.push_back(place.part);
          break;
      }
    }
    return labels;
  }

  const MatrixSource& source_;
  std::vector<Kind> axes_;
  bool has_split_ = false, has_seed_ = false, has_metric_ = false, has_part_ = false;
  std::vector<uint64_t> setting_ids_;  // settings with equal labels on this side share one
  std::unordered_map<uint64_t, uint32_t> index_;
  std::vector<Head> heads_;
};

// Decides what a view lets pass.
class Sieve {
 public:
  Sieve(const MatrixSource& source, const MatrixView& view) : source_(source) {
    const auto wanted = [&](const MatrixSource::Axis& axis) -> std::optional<Label> {
      const auto filter = view.filters.find(axis.name);
      if (filter == view.filters.end() || contains(view.rows, axis.name) ||
          contains(view.columns, axis.name))
        return std::nullopt;
      const auto found = std::find(axis.labels.begin(), axis.labels.end(), filter->second);
      if (found == axis.labels.end()) return std::nullopt;
      return static_cast<Label>(found - axis.labels.begin());
    };
    for (size_t a = 0; a < source.settings_axes.size(); ++a) {
      if (const auto label = wanted(source.settings_axes[a])) settings_.emplace_back(a, *label);
    }
    split_ = wanted(source.split);
    seed_ = wanted(source.seed);
    const auto metric = wanted(source.metric), part = wanted(source.part);
    for (size_t c = 0; c < source.columns.size(); ++c) {
      if (metric.value_or(source.column_metric[c]) == source.column_metric[c] &&
          part.value_or(source.column_part[c]) == source.column_part[c])
        columns_.push_back(c);
    }
    for (const MatrixSource::Setting& setting : source.settings) {
      passes_.push_back(std::all_of(settings_.begin(), settings_.end(), [&](const auto& filter) {
        return setting.labels[filter.first] == filter.second;
      }));
    }
  }

  const std::vector<size_t>& columns() const { return columns_; }
  bool passes(const MatrixSource::Run& run) const {
    if (!passes_[run.setting] || split_.value_or(run.split) != run.split) return false;
    // An untrained run has no seed, so it belongs to each.
    return seed_.value_or(run.seed) == run.seed || source_.settings[run.setting].untrained;
  }
  bool has_one_split() const { return split_.has_value(); }

 private:
  const MatrixSource& source_;
  std::vector<std::pair<size_t, Label>> settings_;  // axis and label
  std::optional<Label> split_, seed_;
  std::vector<size_t> columns_;
  std::vector<bool> passes_;  // by setting
};

Place place_of(const MatrixSource& source, const MatrixSource::Run& run, size_t column) {
  return {run.split, run.seed, source.column_metric[column], source.column_part[column]};
}

// What one run gives one cell.
struct Entry {
  uint32_t row, column;  // heads
  uint32_t run;
  uint32_t of_column;  // of the source
};

bool is_on_an_axis(const MatrixView& view, const char* axis) {
  return contains(view.rows, axis) || contains(view.columns, axis);
}

// Sets the value of a cell from the values of its settings.
void summarize_cell(const std::vector<Summary>& settings, MatrixCell* cell) {
  if (settings.size() == 1) {
    cell->value.summary = settings.front();
    return;
  }
  Summary& summary = cell->value.summary;
  std::vector<double> means;
  for (const Summary& setting : settings) {
    summary.n += setting.n;
    means.push_back(setting.mean);
  }
  summary.mean = summarize(means).mean;
}

// Fills a cell from its entries, which are sorted by setting.
void fill_cell(const MatrixSource& source, const std::vector<Entry>& entries, size_t from,
               size_t to, bool one_split, MatrixCell* cell) {
  std::vector<Summary> settings;
  cell->borrowed = true;
  for (size_t i = from; i < to;) {
    const uint32_t setting = source.runs[entries[i].run].setting;
    std::map<Repetition, double> values;
    for (; i < to && source.runs[entries[i].run].setting == setting; ++i) {
      const MatrixSource::Run& run = source.runs[entries[i].run];
      ++cell->counts[static_cast<size_t>(run.standing)];
      cell->closed |= run.closed;
      const double value = source.value(entries[i].run, entries[i].of_column);
      if (std::isnan(value)) continue;
      values[{one_split ? kOneSplit : run.repetition.split, run.repetition.seed}] = value;
    }
    if (!values.empty()) settings.push_back(summarize(values));
    cell->below_floor |= source.settings[setting].below_floor;
    cell->borrowed &= source.settings[setting].borrowed;
    ++cell->settings;
  }
  summarize_cell(settings, cell);
}

// Marks the best cells among those that may be compared.
void mark_cells(const MatrixSource& source, const MatrixView& view,
                const std::vector<std::pair<size_t, Entry>>& firsts, Matrix* matrix) {
  using Key = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;  // column, group, split, seed
  const bool by_split = is_on_an_axis(view, kSplitAxis), by_seed = is_on_an_axis(view, kSeedAxis);
  std::map<Key, std::vector<TableValue*>> comparable;
  for (const auto& [at, entry] : firsts) {
    MatrixCell& cell = matrix->cells[at];
    if (cell.settings != 1 || cell.borrowed) continue;
    const MatrixSource::Run& run = source.runs[entry.run];
    comparable[{entry.of_column, source.settings[run.setting].group, by_split ? run.split : 0,
                by_seed ? run.seed : 0}]
        .push_back(&cell.value);
  }
  for (const auto& [key, values] : comparable) mark_values(values);
}

// The label that stands for an axis without a common mean: that of the last NDCG of the test, as the
// main metric of most runs is.
std::string main_label(const MatrixSource& source, bool metric) {
  if (source.columns.empty()) return "";
  const Column* main = &source.columns.back();
  for (const Column& column : source.columns) {
    if (column.part == source.columns.front().part && column.metric.starts_with("ndcg"))
      main = &column;
  }
  return metric ? main->metric : main->part;
}

}  // namespace

uint32_t MatrixCell::runs() const {
  uint32_t all = 0;
  for (const uint32_t some : counts) all += some;
  return all - count(Standing::kMissing);
}

Standing MatrixCell::standing() const {
  for (const Standing standing :
       {Standing::kFailed, Standing::kRunning, Standing::kInterrupted, Standing::kQueued,
        Standing::kCancelled, Standing::kMissing, Standing::kStale}) {
    if (count(standing) > 0) return standing;
  }
  return Standing::kFinished;
}

MatrixView table_view(const MatrixSource& source) {
  MatrixView view;
  for (const MatrixSource::Axis& axis : source.settings_axes) {
    if (axis.name != kDataAxis || axis.labels.size() > 1) view.rows.push_back(axis.name);
  }
  if (source.part.labels.size() > 1) view.columns.push_back(kPartAxis);
  view.columns.push_back(kMetricAxis);
  return fitted(view, source);
}

MatrixView fitted(MatrixView view, const MatrixSource& source) {
  for (auto* side : {&view.rows, &view.columns}) {
    std::vector<std::string> kept;
    for (const std::string& name : *side) {
      const bool twice =
          contains(kept, name) || (side == &view.columns && contains(view.rows, name));
      if (source.axis(name) != nullptr && !twice) kept.push_back(name);
    }
    *side = std::move(kept);
  }
  std::erase_if(view.filters, [&](const auto& filter) {
    const MatrixSource::Axis* axis = source.axis(filter.first);
    return axis == nullptr || is_on_an_axis(view, filter.first.c_str()) ||
           std::find(axis->labels.begin(), axis->labels.end(), filter.second) == axis->labels.end();
  });
  for (const char* name : {kMetricAxis, kPartAxis}) {
    if (source.axis(name) == nullptr || is_on_an_axis(view, name)) continue;
    view.filters.emplace(name, main_label(source, name == std::string(kMetricAxis)));
  }
  return view;
}

std::vector<size_t> columns_of(const MatrixSource& source, const MatrixView& view) {
  return Sieve(source, view).columns();
}

Matrix arrange(const MatrixSource& source, const MatrixView& view) {
  const Sieve sieve(source, view);
  Side rows(source, view.rows), columns(source, view.columns);
  std::vector<Entry> entries;
  for (uint32_t r = 0; r < source.runs.size(); ++r) {
    const MatrixSource::Run& run = source.runs[r];
    if (!sieve.passes(run)) continue;
    for (const size_t column : sieve.columns()) {
      const Place place = place_of(source, run, column);
      entries.push_back({rows.at(run.setting, place), columns.at(run.setting, place), r,
                         static_cast<uint32_t>(column)});
    }
  }
  if (rows.size() * columns.size() > kMostCells) {
    throw UsageError("The matrix would have " + grouped(static_cast<int64_t>(rows.size())) +
                     " rows and " + grouped(static_cast<int64_t>(columns.size())) +
                     " columns. Move an axis to the filters and choose one of its values.");
  }
  Matrix matrix;
  matrix.view = view;
  matrix.over_splits =
      source.over_splits && !sieve.has_one_split() && !is_on_an_axis(view, kSplitAxis);
  const std::vector<uint32_t> row_places = rows.sorted(&matrix.rows);
  const std::vector<uint32_t> column_places = columns.sorted(&matrix.columns);
  matrix.cells.resize(matrix.rows.size() * matrix.columns.size());
  for (Entry& entry : entries) {
    entry.row = row_places[entry.row];
    entry.column = column_places[entry.column];
  }
  const auto key = [&](const Entry& entry) {
    return std::tuple(entry.row, entry.column, source.runs[entry.run].setting, entry.run);
  };
  std::sort(entries.begin(), entries.end(),
            [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  std::vector<std::pair<size_t, Entry>> firsts;
  for (size_t from = 0; from < entries.size();) {
    size_t to = from;
    while (to < entries.size() && entries[to].row == entries[from].row &&
           entries[to].column == entries[from].column)
      ++to;
    const size_t at = entries[from].row * matrix.columns.size() + entries[from].column;
    fill_cell(source, entries, from, to, source.over_splits && !matrix.over_splits,
              &matrix.cells[at]);
    firsts.emplace_back(at, entries[from]);
    from = to;
  }
  mark_cells(source, view, firsts, &matrix);
  return matrix;
}

namespace {

// Calls `visit` for the runs and columns of a cell.
void visit_cell(const MatrixSource& source, const Matrix& matrix, size_t row, size_t column,
                const std::function<void(size_t run, size_t of_column)>& visit) {
  const auto labels = [&](size_t run, size_t of_column, const std::string& axis) -> std::string {
    const MatrixSource::Run& one = source.runs[run];
    for (size_t a = 0; a < source.settings_axes.size(); ++a) {
      const MatrixSource::Axis& of_settings = source.settings_axes[a];
      if (of_settings.name == axis)
        return of_settings.labels[source.settings[one.setting].labels[a]];
    }
    if (axis == kSplitAxis) return source.split.labels[one.split];
    if (axis == kSeedAxis) return source.seed.labels[one.seed];
    return axis == kMetricAxis ? source.columns[of_column].metric : source.columns[of_column].part;
  };
  const Sieve sieve(source, matrix.view);
  const auto is_at = [&](const std::vector<std::string>& axes,
                         const std::vector<std::string>& wanted, size_t run, size_t of_column) {
    for (size_t a = 0; a < axes.size(); ++a) {
      if (labels(run, of_column, axes[a]) != wanted[a]) return false;
    }
    return true;
  };
  for (size_t run = 0; run < source.runs.size(); ++run) {
    if (!sieve.passes(source.runs[run])) continue;
    for (const size_t of_column : sieve.columns()) {
      if (is_at(matrix.view.rows, matrix.rows[row], run, of_column) &&
          is_at(matrix.view.columns, matrix.columns[column], run, of_column))
        visit(run, of_column);
    }
  }
}

}  // namespace

std::vector<size_t> runs_in(const MatrixSource& source, const Matrix& matrix, size_t row,
                            size_t column) {
  std::vector<size_t> runs;
  visit_cell(source, matrix, row, column, [&](size_t run, size_t) { runs.push_back(run); });
  return runs;
}

size_t column_in(const MatrixSource& source, const Matrix& matrix, size_t row, size_t column) {
  size_t found = 0;
  visit_cell(source, matrix, row, column, [&](size_t, size_t of_column) { found = of_column; });
  return found;
}

std::string shown_label(const std::string& axis, const std::string& label) {
  if (axis == kMetricAxis) return metric_title(label);
  if (axis == kSeedAxis) return label == "-" ? "no seed" : "seed " + label;
  return axis == kSplitAxis ? "split " + label : label;
}

std::string why_no_number(const MatrixCell& cell) {
  if (cell.value.summary.n > 0 || cell.is_empty()) return "";
  const Standing standing = cell.standing();
  if (standing == Standing::kFailed) return "FAILED";
  if (standing == Standing::kMissing) return "not run";
  if (standing != Standing::kFinished && standing != Standing::kStale) return to_string(standing);
  return cell.closed ? "closed" : "–";
}

std::vector<std::string> view_notes(const Matrix& matrix, const MatrixSource& source) {
  std::vector<std::string> notes, filters;
  for (const auto& [axis, label] : matrix.view.filters) {
    const MatrixSource::Axis* known = source.axis(axis);
    if (known != nullptr && known->labels.size() > 1)
      filters.push_back(axis + " " + (label.empty() ? "-" : label));
  }
  if (!filters.empty()) notes.push_back("Shown: " + joined(filters, "; ") + ".");
  const auto mixed = std::count_if(
      matrix.cells.begin(), matrix.cells.end(),
      [](const MatrixCell& cell) { return cell.settings > 1 && cell.value.summary.n > 0; });
  if (mixed > 0) {
    std::vector<std::string> axes;
    for (const MatrixSource::Axis& axis : source.settings_axes) {
      if (axis.labels.size() > 1 && !is_on_an_axis(matrix.view, axis.name.c_str()) &&
          !matrix.view.filters.contains(axis.name))
        axes.push_back(axis.name);
    }
    notes.push_back("Means over settings: " + counted(mixed, "cell") +
                    " of several settings, which differ in " + joined(axes) +
                    ", without an interval and marks.");
  }
  return notes;
}

}  // namespace lea::report
