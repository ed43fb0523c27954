#include "core/report/pivot.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <set>
#include <tuple>

#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/repeats.h"
#include "core/report/row_drafts.h"

namespace lea::report {
namespace {

bool varies(const std::vector<RowDraft>& drafts, const std::string& axis) {
  std::set<std::string> seen;
  for (const RowDraft& draft : drafts) seen.insert(label_of(draft.first, axis));
  seen.erase("");  // the label of a run that is only planned
  return seen.size() > 1;
}

// Backbone and framework, then all other axes on which rows differ, then all keys of the spec that
// distinguish rows with equal labels (the spec may have changed between two calls of `lealab run`).
std::vector<std::string> choose_axes(const std::vector<RowDraft>& drafts) {
  std::vector<std::string> axes = {"backbone", "framework"};
  const auto add = [&](const std::string& axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end() && varies(drafts, axis)) {
      axes.push_back(axis);
    }
  };
  for (const std::string& slot : slots()) add(slot);
  for (const RowDraft& draft : drafts) {
    for (const std::string& axis : draft.first.axes) add(axis);
    for (const auto& [axis, label] : draft.first.labels) add(axis);
  }

  std::map<std::vector<std::string>, std::vector<const RowDraft*>> by_labels;
  for (const RowDraft& draft : drafts) {
    std::vector<std::string> labels;
    for (const std::string& axis : axes) labels.push_back(label_of(draft.first, axis));
    if (!draft.settings.empty()) by_labels[labels].push_back(&draft);
  }
  std::set<std::string> differing;
  for (const auto& [labels, same] : by_labels) {
    for (size_t i = 1; i < same.size(); ++i) {
      std::vector<std::pair<std::string, std::string>> changed;
      const auto &a = same[0]->settings, &b = same[i]->settings;
      std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                    std::back_inserter(changed));
      for (const auto& [key, value] : changed) differing.insert(key);
    }
  }
  axes.insert(axes.end(), differing.begin(), differing.end());
  return axes;
}

// The order of an axis's labels: "none" and "-" first, then the order of the plan, then labels
// outside the plan by age.
std::map<std::string, size_t> value_order(const std::vector<RowDraft>& drafts,
                                          const std::string& axis) {
  using Appearance = std::tuple<bool, uint64_t, std::string>;
  std::map<std::string, Appearance> first;
  for (const RowDraft& draft : drafts) {
    const std::string label = label_of(draft.first, axis);
    // The cast turns -1, outside the plan, into the largest number.
    const Appearance appearance = {label != "none" && label != "-",
                                   static_cast<uint64_t>(draft.first.position),
                                   draft.first.created};
    const auto [at, fresh] = first.emplace(label, appearance);
    if (!fresh) at->second = std::min(at->second, appearance);
  }
  std::vector<std::pair<std::string, Appearance>> values(first.begin(), first.end());
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : natural_less(a.first, b.first);
  });
  std::map<std::string, size_t> order;
  for (const auto& [label, appearance] : values) order.emplace(label, order.size());
  return order;
}

// Returns the labels of each axis in their order.
std::vector<std::vector<std::string>> sort_rows(std::vector<RowDraft>* drafts,
                                                const std::vector<std::string>& axes) {
  std::vector<std::map<std::string, size_t>> orders;
  for (const std::string& axis : axes) orders.push_back(value_order(*drafts, axis));
  const auto key = [&](const RowDraft& draft) {
    std::vector<size_t> ranks = {draft.row.untrained ? size_t{0} : size_t{1}};
    for (size_t i = 0; i < axes.size(); ++i)
      ranks.push_back(orders[i].at(label_of(draft.first, axes[i])));
    return ranks;
  };
  std::stable_sort(drafts->begin(), drafts->end(),
                   [&](const RowDraft& a, const RowDraft& b) { return key(a) < key(b); });
  std::vector<std::vector<std::string>> labels;
  for (const auto& order : orders) {
    labels.emplace_back(order.size());
    for (const auto& [label, place] : order) labels.back()[place] = label;
  }
  return labels;
}

// Whether runs have finished, and none of them shows its test part.
bool all_closed(const std::vector<RowDraft>& drafts) {
  size_t finished = 0, closed = 0;
  for (const RowDraft& draft : drafts) {
    for (const Member& member : draft.row.finished) {
      ++finished;
      closed += member.closed;
    }
  }
  return finished > 0 && closed == finished;
}

Column column_of(const std::string& metric, const std::string& part) {
  return {metric, part, (part == "valid" ? "valid " : "") + metric_title(metric)};
}

std::vector<Column> choose_columns(const std::vector<RowDraft>& drafts, const TableOptions& options,
                                   bool closed) {
  std::set<int64_t> cuts;
  std::set<std::string> stops;
  for (const RowDraft& draft : drafts) {
    if (draft.settings.empty()) continue;  // planned only
    for (const int64_t k : protocol_of(draft.first, options).k) cuts.insert(k);
    const std::string stop = text_at(draft.first.spec, "train.stop_on");
    if (!stop.empty()) stops.insert(stop);
  }
  std::vector<Column> columns;
  for (const int64_t k : cuts) {
    for (const char* metric : {"hr", "ndcg"}) {
      const std::string name = std::string(metric) + "@" + std::to_string(k);
      columns.push_back(column_of(name, closed ? "valid" : "test"));
    }
  }
  for (const std::string& stop : stops) {
    const Column column = column_of(stop, "valid");
    const auto same = [&](const Column& other) { return other.title == column.title; };
    if (std::none_of(columns.begin(), columns.end(), same)) columns.push_back(column);
  }
  return columns;
}

void fill_values(const std::vector<Column>& columns, Row* row) {
  for (const Column& column : columns) {
    row->values.push_back({summarize(values_of(*row, column))});
  }
}

// Moves the rows out of the drafts.
std::vector<Row> finish_rows(const Pivot& pivot, std::vector<RowDraft>* drafts) {
  std::vector<Row> rows;
  for (RowDraft& draft : *drafts) {
    for (const std::string& axis : pivot.axes)
      draft.row.labels.push_back(label_of(draft.first, axis));
    draft.row.name = describe(draft.first);
    fill_values(pivot.columns, &draft.row);
    rows.push_back(std::move(draft.row));
  }
  return rows;
}

void find_missing(std::vector<Row>* rows) {
  std::set<Repetition> wanted;
  const auto repetitions_of = [](const Row& row) {
    std::set<Repetition> repetitions;
    for (const auto* members : {&row.finished, &row.unfinished}) {
      for (const Member& member : *members) repetitions.insert(member.repetition);
    }
    return repetitions;
  };
  const auto counts = [](const Row& row) {
    if (row.finished.empty() && row.unfinished.empty()) return false;
    const auto& member = row.finished.empty() ? row.unfinished.front() : row.finished.front();
    return !row.untrained && member.run.source == "lealab";
  };
  for (const Row& row : *rows) {
    if (counts(row)) wanted.merge(repetitions_of(row));
  }
  for (Row& row : *rows) {
    if (!counts(row)) continue;
    const std::set<Repetition> has = repetitions_of(row);
    std::set_difference(wanted.begin(), wanted.end(), has.begin(), has.end(),
                        std::back_inserter(row.missing));
  }
}

}  // namespace

std::string metric_title(const std::string& metric) {
  std::string title = metric;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return title;
}

std::string fixed(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", kDigits, value);
  return text;
}

std::map<Repetition, double> values_of(const Row& row, const Column& column) {
  std::map<Repetition, double> values;
  for (const Member& member : row.finished) {
    const auto& metrics = column.part == "valid" ? member.metrics.valid : member.metrics.test;
    const auto found = metrics.find(column.metric);
    if (found != metrics.end()) values[member.repetition] = found->second;
  }
  return values;
}

double as_printed(double value) { return std::stod(fixed(value)); }

std::vector<Row> more_rows(const Pivot& pivot, const std::vector<db::RunRow>& runs,
                           const std::map<std::string, Measured>& stored,
                           const TableOptions& options) {
  std::vector<RowDraft> drafts =
      draft_rows(runs, {pivot.over_splits, pivot.own_seeds}, stored, options, pivot.closed);
  return finish_rows(pivot, &drafts);
}

Pivot make_pivot(const std::string& experiment, const std::vector<db::RunRow>& runs,
                 const std::map<std::string, Measured>& stored, const TableOptions& options,
                 const std::optional<db::ExperimentRow>& plan) {
  const bool closed = plan && flag_at(plan->spec, "evaluate.test") == false;
  Pivot pivot;
  pivot.experiment = experiment;
  pivot.over_splits = !options.rows_by_split && splits_on_an_axis(runs, plan).size() > 1;
  pivot.own_seeds = seeds_on_an_axis(runs, plan);
  const Repeats repeats{pivot.over_splits, pivot.own_seeds};
  std::vector<RowDraft> drafts = draft_rows(runs, repeats, stored, options, closed);
  if (plan) add_planned(*plan, repeats, &drafts);
  pivot.axes = choose_axes(drafts);
  pivot.closed = all_closed(drafts);
  pivot.columns = choose_columns(drafts, options, pivot.closed);
  pivot.labels = sort_rows(&drafts, pivot.axes);
  pivot.rows = finish_rows(pivot, &drafts);
  if (!plan) find_missing(&pivot.rows);
  mark_best(&pivot);
  return pivot;
}

StateCounts count_states(const Pivot& pivot) {
  StateCounts counts;
  for (const Row& row : pivot.rows) {
    counts.finished += static_cast<int64_t>(row.finished.size());
    counts.missing += static_cast<int64_t>(row.missing.size());
    for (const Member& member : row.unfinished) {
      ++(member.run.state == "failed" ? counts.failed : counts.open[member.run.state]);
    }
  }
  return counts;
}

void mark_values(const std::vector<TableValue*>& values) {
  std::set<double> means;  // as they are printed
  for (const TableValue* value : values) {
    if (value->summary.n > 0) means.insert(as_printed(value->summary.mean));
  }
  for (TableValue* value : values) {
    value->mark = Mark::kNone;
    if (value->summary.n == 0 || means.size() < 2) continue;  // nothing to compare with
    const double own = as_printed(value->summary.mean);
    if (own == *means.rbegin()) value->mark = Mark::kBest;
    if (own == *std::next(means.rbegin())) value->mark = Mark::kSecond;
  }
}

void mark_best(Pivot* pivot) {
  for (size_t c = 0; c < pivot->columns.size(); ++c) {
    std::map<std::string, std::vector<TableValue*>> groups;
    for (Row& row : pivot->rows) groups[row.group].push_back(&row.values[c]);
    for (const auto& [group, values] : groups) mark_values(values);
  }
}

std::vector<const Row*> printed_rows(const Pivot& pivot) {
  std::vector<const Row*> rows;
  const auto trained = std::find_if(pivot.rows.begin(), pivot.rows.end(),
                                    [](const Row& row) { return !row.untrained; });
  for (auto row = pivot.rows.begin(); row != trained; ++row) rows.push_back(&*row);
  for (const Row& row : pivot.borrowed) rows.push_back(&row);
  for (auto row = trained; row != pivot.rows.end(); ++row) rows.push_back(&*row);
  return rows;
}

}  // namespace lea::report
