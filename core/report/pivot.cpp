#include "core/report/pivot.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

#include "core/report/json_path.h"
#include "core/report/labels.h"

namespace lea::report {
namespace {

using Leaves = std::map<std::string, std::string>;

// What distinguishes one cell from another: the resolved spec without the seed and without what
// cannot change a result.
Leaves identity(const db::RunRow& run) {
  Leaves leaves = flatten(run.spec);
  for (const char* key : {"seed", "data.path", "data.format", "train.log_every"}) leaves.erase(key);
  // Of a file only the content counts.
  std::erase_if(leaves, [&](const auto& leaf) {
    const std::string& path = leaf.first;
    return path.ends_with(".path") && leaves.count(path.substr(0, path.size() - 4) + "sha256") != 0;
  });
  leaves["source"] = run.source;
  for (const auto& [axis, label] : run.labels) {
    if (run.source != "lealab") leaves["label." + axis] = label;
  }
  return leaves;
}

// Rows may be compared when data, split and protocol agree.
std::string comparison_group(const db::RunRow& run, const TableOptions& options) {
  const eval::Protocol protocol = protocol_of(run, options);
  return text_at(run.spec, "data.name") + "|" + text_at(run.result, "data_fingerprint") + "|" +
         text_at(run.result, "split_fingerprint") + "|" +
         std::to_string(static_cast<int>(protocol.ties)) + (protocol.remove_seen ? "r" : "k") +
         (protocol.first_event ? "f" : "-");
}

// Of two runs that one place of a row has, the one on the lab's own data set; then the newest.
bool older(const Member& a, const Member& b) {
  return std::tie(a.current, a.run.finished, a.run.uuid) <
         std::tie(b.current, b.run.finished, b.run.uuid);
}

// Whether a run was made with the data set that the lab has now; each is looked at once.
class LabData {
 public:
  explicit LabData(const std::string& lab) : lab_(lab) {}
  bool holds(const db::RunRow& run) {
    const std::string name = text_at(run.spec, "data.name");
    const auto [found, added] = fingerprints_.emplace(name, "");
    if (added) found->second = text_at(lab_data(lab_, name), "fingerprint");
    return !found->second.empty() && text_at(run.result, "data_fingerprint") == found->second;
  }

 private:
  const std::string& lab_;
  std::map<std::string, std::string> fingerprints_;
};

void add_member(const Member& member, Row* row) {
  if (member.run.state != "finished") {
    row->unfinished.push_back(member);
    return;
  }
  const auto found =
      std::find_if(row->finished.begin(), row->finished.end(),
                   [&](const Member& other) { return other.run.seed == member.run.seed; });
  if (found == row->finished.end()) {
    row->finished.push_back(member);
    return;
  }
  ++row->superseded;
  if (older(*found, member)) *found = member;
}

// A mean holds runs of one data set and split only: the lab's own, or those of the newest run. The
// others were made before or after a data set was replaced under its name.
void keep_newest_data(const TableOptions& options, Row* row) {
  if (row->finished.empty()) return;
  const auto newest = std::max_element(row->finished.begin(), row->finished.end(), older);
  row->group = comparison_group(newest->run, options);
  row->other_data = static_cast<int64_t>(std::erase_if(row->finished, [&](const Member& member) {
    return comparison_group(member.run, options) != row->group;
  }));
}

struct Draft {
  Row row;
  Leaves identity;
  db::RunRow first;  // names the row
};

std::vector<Draft> draft_rows(const std::vector<db::RunRow>& runs,
                              const std::map<std::string, Measured>& stored,
                              const TableOptions& options) {
  std::map<Leaves, size_t> index;
  std::vector<Draft> drafts;
  LabData data(options.lab);
  for (const db::RunRow& run : runs) {
    const Leaves leaves = identity(run);
    const auto [at, fresh] = index.emplace(leaves, drafts.size());
    if (fresh) drafts.push_back({{}, leaves, run});
    Row& row = drafts[at->second].row;
    row.untrained = untrained(run);
    Member member{run, data.holds(run), {}};
    if (run.state == "finished") {
      const auto found = stored.find(run.uuid);
      member.metrics = measure(run, found == stored.end() ? Measured() : found->second, options);
    }
    add_member(member, &row);
  }
  for (Draft& draft : drafts) {
    Row& row = draft.row;
    keep_newest_data(options, &row);
    std::set<int64_t> seeds;
    std::sort(row.finished.begin(), row.finished.end(),
              [](const Member& a, const Member& b) { return a.run.seed < b.run.seed; });
    for (const Member& member : row.finished) seeds.insert(member.run.seed);
    std::erase_if(row.unfinished,
                  [&](const Member& member) { return seeds.count(member.run.seed) != 0; });
  }
  return drafts;
}

// Planned cells without a run join the row of their labels, or make one.
void add_planned(const db::ExperimentRow& plan, std::vector<Draft>* drafts) {
  std::set<std::pair<std::string, int64_t>> present;
  for (const Draft& draft : *drafts) {
    for (const auto* members : {&draft.row.finished, &draft.row.unfinished}) {
      for (const Member& member : *members) present.emplace(member.run.run_hash, member.run.seed);
    }
  }
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const db::ExperimentRow::Cell& cell = plan.cells[i];
    if (present.count({cell.hash, cell.seed}) != 0) continue;
    auto found = std::find_if(drafts->begin(), drafts->end(), [&](const Draft& draft) {
      return draft.first.position >= 0 && draft.first.labels == cell.labels;
    });
    if (found == drafts->end()) {
      db::RunRow planned;
      planned.labels = cell.labels;
      planned.axes = plan.axes;
      planned.position = static_cast<int64_t>(i);
      drafts->push_back({{}, {}, planned});
      found = std::prev(drafts->end());
    }
    found->row.missing.push_back(cell.seed);
  }
}

bool varies(const std::vector<Draft>& drafts, const std::string& axis) {
  std::set<std::string> seen;
  for (const Draft& draft : drafts) seen.insert(label_of(draft.first, axis));
  seen.erase("");  // of a cell that is only planned
  return seen.size() > 1;
}

// Backbone and framework, then every other axis on which the rows differ, then whatever else still
// tells two rows apart (the spec may have changed between two calls).
std::vector<std::string> choose_axes(const std::vector<Draft>& drafts) {
  std::vector<std::string> axes = {"backbone", "framework"};
  const auto add = [&](const std::string& axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end() && varies(drafts, axis)) {
      axes.push_back(axis);
    }
  };
  for (const std::string& slot : slots()) add(slot);
  for (const Draft& draft : drafts) {
    for (const std::string& axis : draft.first.axes) add(axis);
    for (const auto& [axis, label] : draft.first.labels) add(axis);
  }

  std::map<std::vector<std::string>, std::vector<const Draft*>> by_labels;
  for (const Draft& draft : drafts) {
    std::vector<std::string> labels;
    for (const std::string& axis : axes) labels.push_back(label_of(draft.first, axis));
    if (!draft.identity.empty()) by_labels[labels].push_back(&draft);
  }
  std::set<std::string> differing;
  for (const auto& [labels, same] : by_labels) {
    for (size_t i = 1; i < same.size(); ++i) {
      std::vector<std::pair<std::string, std::string>> changed;
      const Leaves &a = same[0]->identity, &b = same[i]->identity;
      std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                    std::back_inserter(changed));
      for (const auto& [key, value] : changed) {
        if (key != "source" && key.rfind("label.", 0) != 0) differing.insert(key);
      }
    }
  }
  axes.insert(axes.end(), differing.begin(), differing.end());
  return axes;
}

// Values of an axis in the order of the grid, which is the spec's; outside a plan, by age.
std::map<std::string, size_t> value_order(const std::vector<Draft>& drafts,
                                          const std::string& axis) {
  using Appearance = std::tuple<bool, uint64_t, std::string>;
  std::map<std::string, Appearance> first;
  for (const Draft& draft : drafts) {
    const std::string label = label_of(draft.first, axis);
    // Position -1 becomes the largest: what is outside the plan comes last.
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

void sort_rows(std::vector<Draft>* drafts, const std::vector<std::string>& axes) {
  std::vector<std::map<std::string, size_t>> orders;
  for (const std::string& axis : axes) orders.push_back(value_order(*drafts, axis));
  const auto key = [&](const Draft& draft) {
    std::vector<size_t> ranks = {draft.row.untrained ? size_t{0} : size_t{1}};
    for (size_t i = 0; i < axes.size(); ++i)
      ranks.push_back(orders[i].at(label_of(draft.first, axes[i])));
    return ranks;
  };
  std::stable_sort(drafts->begin(), drafts->end(),
                   [&](const Draft& a, const Draft& b) { return key(a) < key(b); });
}

std::string title_of(const std::string& metric) {
  std::string title = metric;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return title;
}

std::vector<Column> choose_columns(const std::vector<Draft>& drafts, const TableOptions& options) {
  std::set<int64_t> cuts;
  std::set<std::string> stops;
  for (const Draft& draft : drafts) {
    if (draft.identity.empty()) continue;  // planned only
    for (const int64_t k : protocol_of(draft.first, options).k) cuts.insert(k);
    const std::string stop = text_at(draft.first.spec, "train.stop_on");
    if (!stop.empty()) stops.insert(stop);
  }
  std::vector<Column> columns;
  for (const int64_t k : cuts) {
    for (const char* metric : {"hr", "ndcg"}) {
      const std::string name = std::string(metric) + "@" + std::to_string(k);
      columns.push_back({name, "test", title_of(name)});
    }
  }
  for (const std::string& stop : stops)
    columns.push_back({stop, "valid", "valid " + title_of(stop)});
  return columns;
}

void fill_cells(const std::vector<Column>& columns, Row* row) {
  for (const Column& column : columns) {
    std::vector<double> values;
    for (const Member& member : row->finished) {
      const auto& metrics = column.part == "valid" ? member.metrics.valid : member.metrics.test;
      const auto found = metrics.find(column.metric);
      if (found != metrics.end()) values.push_back(found->second);
    }
    row->cells.push_back({summarize(values), Mark::kNone});
  }
}

void find_missing(std::vector<Row>* rows) {
  std::set<int64_t> wanted;
  const auto seeds_of = [](const Row& row) {
    std::set<int64_t> seeds;
    for (const auto* members : {&row.finished, &row.unfinished}) {
      for (const Member& member : *members) seeds.insert(member.run.seed);
    }
    return seeds;
  };
  const auto counts = [](const Row& row) {
    if (row.finished.empty() && row.unfinished.empty()) return false;
    const auto& member = row.finished.empty() ? row.unfinished.front() : row.finished.front();
    return !row.untrained && member.run.source == "lealab";
  };
  for (const Row& row : *rows) {
    if (counts(row)) wanted.merge(seeds_of(row));
  }
  for (Row& row : *rows) {
    if (!counts(row)) continue;
    const std::set<int64_t> has = seeds_of(row);
    std::set_difference(wanted.begin(), wanted.end(), has.begin(), has.end(),
                        std::back_inserter(row.missing));
  }
}

}  // namespace

std::string fixed(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", kDigits, value);
  return text;
}

Pivot make_pivot(const std::string& experiment, const std::vector<db::RunRow>& runs,
                 const std::map<std::string, Measured>& stored, const TableOptions& options,
                 const std::optional<db::ExperimentRow>& plan) {
  std::vector<Draft> drafts = draft_rows(runs, stored, options);
  if (plan) add_planned(*plan, &drafts);
  Pivot pivot;
  pivot.experiment = experiment;
  pivot.axes = choose_axes(drafts);
  pivot.columns = choose_columns(drafts, options);
  sort_rows(&drafts, pivot.axes);
  for (Draft& draft : drafts) {
    for (const std::string& axis : pivot.axes)
      draft.row.labels.push_back(label_of(draft.first, axis));
    draft.row.name = describe(draft.first);
    fill_cells(pivot.columns, &draft.row);
    pivot.rows.push_back(std::move(draft.row));
  }
  if (!plan) find_missing(&pivot.rows);
  mark_best(&pivot);
  return pivot;
}

void mark_best(Pivot* pivot) {
  for (size_t c = 0; c < pivot->columns.size(); ++c) {
    std::map<std::string, std::set<double>> printed;  // group -> distinct printed means
    for (const Row& row : pivot->rows) {
      const Summary& summary = row.cells[c].summary;
      if (summary.n > 0) printed[row.group].insert(std::stod(fixed(summary.mean)));
    }
    for (Row& row : pivot->rows) {
      TableCell& cell = row.cells[c];
      cell.mark = Mark::kNone;
      const std::set<double>& means = printed[row.group];
      if (cell.summary.n == 0 || means.size() < 2) continue;  // nothing to compare with
      const double own = std::stod(fixed(cell.summary.mean));
      if (own == *means.rbegin()) cell.mark = Mark::kBest;
      if (own == *std::next(means.rbegin())) cell.mark = Mark::kSecond;
    }
  }
}

}  // namespace lea::report
