#include "core/report/pivot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>

#include "core/data/dataset.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/repeats.h"
#include "core/spec/run_spec.h"
#include "core/spec/yaml.h"

namespace lea::report {
namespace {

using Leaves = std::map<std::string, std::string>;

// What distinguishes one row from another: the cell, and for imported ranks the name. Where seeds of
// plugins are no difference, the labels are one, because a bundle may state another seed on purpose.
std::string row_key(const db::RunRow& run, const Repeats& repeats) {
  std::string key = spec::cell_key(without_repeats(run.spec, repeats)) + " " + run.source;
  if (run.source == "lealab" && !repeats.own_seeds) return key;
  for (const auto& [axis, label] : run.labels) {
    if (!repeats.covers(axis)) key += " " + axis + "=" + label;
  }
  return key;
}

// The settings of a cell, in which two rows of equal labels differ.
Leaves settings_of(const db::RunRow& run, const Repeats& repeats) {
  Leaves leaves = flatten(spec::essential_settings(run.spec));
  leaves.erase("seed");
  std::erase_if(leaves, [&](const auto& leaf) { return repeats.covers(leaf.first); });
  return leaves;
}

// Runs with equal results of this function may be compared when they have the same split.
std::string data_and_protocol(const db::RunRow& run, const TableOptions& options) {
  const eval::Protocol protocol = protocol_of(run, options);
  return text_at(run.spec, "data.name") + "|" + text_at(run.result, "data_fingerprint") + "|" +
         std::to_string(static_cast<int>(protocol.ties)) + (protocol.remove_seen ? "r" : "k") +
         (protocol.first_event ? "f" : "-");
}

// The label of a planned run gives the seed of its split when it has no resolved spec yet.
int64_t split_of(const nlohmann::json& spec, const std::map<std::string, std::string>& labels) {
  if (const auto seed = number_at(spec, spec::kSplitSeed)) return std::llround(*seed);
  const auto label = labels.find(spec::kSplitSeed);
  int64_t seed = kOneSplit;
  if (label != labels.end() && !spec::parse_integer(label->second, &seed).empty()) {
    return kOneSplit;
  }
  return seed;
}

// The seeds of the splits that the experiment states on an axis.
std::set<int64_t> splits_on_an_axis(const std::vector<db::RunRow>& runs,
                                    const std::optional<db::ExperimentRow>& plan) {
  std::set<int64_t> splits;
  const auto on_axis = [](const std::vector<std::string>& axes) {
    return std::find(axes.begin(), axes.end(), spec::kSplitSeed) != axes.end();
  };
  for (const db::RunRow& run : runs) {
    if (on_axis(run.axes)) splits.insert(split_of(run.spec, run.labels));
  }
  if (!plan || !on_axis(plan->axes)) return splits;
  for (const db::ExperimentRow::Run& run : plan->runs) splits.insert(split_of({}, run.labels));
  return splits;
}

Member member_of(const db::RunRow& run, bool over_splits, data::Fingerprints& data,
                 const TableOptions& options, const std::map<std::string, Measured>& stored,
                 bool closed) {
  const int64_t split = over_splits ? split_of(run.spec, run.labels) : kOneSplit;
  Member member{
      run,  {split, run.seed}, {run.uuid, run.created, run::state_from(run.state).value()}, {}, {},
      false};
  if (member.candidate.state != run::State::kFinished) return member;
  member.result = run::result_from(run.result, "run " + run.uuid);
  member.candidate.outdated =
      run::is_other_data(member.result.data_fingerprint, data.of(text_at(run.spec, "data.name")));
  const auto found = stored.find(run.uuid);
  const Measured known = found == stored.end() ? Measured() : found->second;
  member.candidate.closed = is_closed(run, known);
  member.closed = closed || member.candidate.closed;
  member.metrics = measure(run, known, options, member.closed);
  return member;
}

// Adds the run that counts among the runs of one repetition, and counts the finished others.
void add_repetition(std::vector<Member> members, Row* row) {
  std::vector<run::Candidate> candidates;
  for (const Member& member : members) candidates.push_back(member.candidate);
  const size_t chosen = run::counting(candidates);
  for (size_t i = 0; i < members.size(); ++i) {
    if (i == chosen || members[i].candidate.state != run::State::kFinished) continue;
    const bool same_data =
        members[i].result.data_fingerprint == members[chosen].result.data_fingerprint;
    ++(same_data ? row->superseded : row->other_data);
  }
  const bool finished = members[chosen].candidate.state == run::State::kFinished;
  (finished ? row->finished : row->unfinished).push_back(std::move(members[chosen]));
}

// Removes finished runs that are not comparable with the preferred one (run::counts_before),
// because a mean must cover one data set, and for each seed of a split one split. Replacing a data
// set under its name causes such runs.
void keep_one_data_set(const TableOptions& options, Row* row) {
  if (row->finished.empty()) return;
  const auto first = std::min_element(row->finished.begin(), row->finished.end(),
                                      [](const Member& a, const Member& b) {
                                        return run::counts_before(a.candidate, b.candidate);
                                      });
  row->setting = data_and_protocol(first->run, options);
  row->other_data += static_cast<int64_t>(std::erase_if(row->finished, [&](const Member& member) {
    return data_and_protocol(member.run, options) != row->setting;
  }));
  std::map<int64_t, const Member*> preferred;  // by seed of the split
  for (const Member& member : row->finished) {
    const Member*& best = preferred[member.repetition.split];
    if (!best || run::counts_before(member.candidate, best->candidate)) best = &member;
  }
  std::map<int64_t, std::string> fingerprint;
  std::set<std::string> fingerprints;
  for (const auto& [split, member] : preferred) {
    fingerprint[split] = text_at(member->run.result, "split_fingerprint");
    fingerprints.insert(fingerprint[split]);
  }
  row->other_data += static_cast<int64_t>(std::erase_if(row->finished, [&](const Member& member) {
    return text_at(member.run.result, "split_fingerprint") != fingerprint[member.repetition.split];
  }));
  row->group = row->setting;
  for (const std::string& of_split : fingerprints) row->group += "|" + of_split;
}

struct Draft {
  Row row;
  Leaves settings;                                          // empty for a row that is only planned
  db::RunRow first;                                         // gives the row its labels
  std::map<Repetition, std::vector<Member>> by_repetition;  // all runs of the row
};

std::vector<Draft> draft_rows(const std::vector<db::RunRow>& runs, const Repeats& repeats,
                              const std::map<std::string, Measured>& stored,
                              const TableOptions& options, bool closed) {
  std::map<std::string, size_t> index;  // by row_key
  std::vector<Draft> drafts;
  data::Fingerprints data(options.lab);
  for (const db::RunRow& run : runs) {
    const auto [at, fresh] = index.emplace(row_key(run, repeats), drafts.size());
    if (fresh) {
      drafts.push_back({{}, settings_of(run, repeats), run, {}});
      forget_repeats(repeats, &drafts.back().first);
    }
    Draft& draft = drafts[at->second];
    draft.row.untrained = untrained(run);
    Member member = member_of(run, repeats.over_splits, data, options, stored, closed);
    draft.by_repetition[member.repetition].push_back(std::move(member));
  }
  for (Draft& draft : drafts) {
    for (auto& [repetition, members] : draft.by_repetition) {
      add_repetition(std::move(members), &draft.row);
    }
    draft.by_repetition.clear();
    keep_one_data_set(options, &draft.row);
  }
  return drafts;
}

// Adds planned runs that do not exist as missing, to the row with their labels or to a new row.
void add_planned(const db::ExperimentRow& plan, const Repeats& repeats,
                 std::vector<Draft>* drafts) {
  std::set<std::pair<std::string, int64_t>> present;
  for (const Draft& draft : *drafts) {
    for (const auto* members : {&draft.row.finished, &draft.row.unfinished}) {
      for (const Member& member : *members) present.emplace(member.run.run_hash, member.run.seed);
    }
  }
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const db::ExperimentRow::Run& run = plan.runs[i];
    if (present.count({run.hash, run.seed}) != 0) continue;
    db::RunRow planned;
    planned.labels = run.labels;
    planned.axes = plan.axes;
    planned.position = static_cast<int64_t>(i);
    forget_repeats(repeats, &planned);
    auto found = std::find_if(drafts->begin(), drafts->end(), [&](const Draft& draft) {
      return draft.first.position >= 0 && draft.first.labels == planned.labels;
    });
    if (found == drafts->end()) {
      drafts->push_back({{}, {}, planned, {}});
      found = std::prev(drafts->end());
    }
    const int64_t split = repeats.over_splits ? split_of({}, run.labels) : kOneSplit;
    found->row.missing.push_back({split, run.seed});
  }
}

bool varies(const std::vector<Draft>& drafts, const std::string& axis) {
  std::set<std::string> seen;
  for (const Draft& draft : drafts) seen.insert(label_of(draft.first, axis));
  seen.erase("");  // the label of a run that is only planned
  return seen.size() > 1;
}

// Backbone and framework, then all other axes on which rows differ, then all keys of the spec that
// distinguish rows with equal labels (the spec may have changed between two calls of `lealab run`).
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
    if (!draft.settings.empty()) by_labels[labels].push_back(&draft);
  }
  std::set<std::string> differing;
  for (const auto& [labels, same] : by_labels) {
    for (size_t i = 1; i < same.size(); ++i) {
      std::vector<std::pair<std::string, std::string>> changed;
      const Leaves &a = same[0]->settings, &b = same[i]->settings;
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
std::map<std::string, size_t> value_order(const std::vector<Draft>& drafts,
                                          const std::string& axis) {
  using Appearance = std::tuple<bool, uint64_t, std::string>;
  std::map<std::string, Appearance> first;
  for (const Draft& draft : drafts) {
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

// Whether runs have finished, and none of them shows its test part.
bool all_closed(const std::vector<Draft>& drafts) {
  size_t finished = 0, closed = 0;
  for (const Draft& draft : drafts) {
    for (const Member& member : draft.row.finished) {
      ++finished;
      closed += member.closed;
    }
  }
  return finished > 0 && closed == finished;
}

Column column_of(const std::string& metric, const std::string& part) {
  return {metric, part, (part == "valid" ? "valid " : "") + title_of(metric)};
}

std::vector<Column> choose_columns(const std::vector<Draft>& drafts, const TableOptions& options,
                                   bool closed) {
  std::set<int64_t> cuts;
  std::set<std::string> stops;
  for (const Draft& draft : drafts) {
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
    row->values.push_back({summarize(values_of(*row, column)), Mark::kNone});
  }
}

// Moves the rows out of the drafts.
std::vector<Row> finish_rows(const Pivot& pivot, std::vector<Draft>* drafts) {
  std::vector<Row> rows;
  for (Draft& draft : *drafts) {
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

std::string fixed(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", kDigits, value);
  return text;
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, ",");
  return digits;
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
  std::vector<Draft> drafts =
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
  std::vector<Draft> drafts = draft_rows(runs, repeats, stored, options, closed);
  if (plan) add_planned(*plan, repeats, &drafts);
  pivot.axes = choose_axes(drafts);
  pivot.closed = all_closed(drafts);
  pivot.columns = choose_columns(drafts, options, pivot.closed);
  sort_rows(&drafts, pivot.axes);
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

void mark_best(Pivot* pivot) {
  for (size_t c = 0; c < pivot->columns.size(); ++c) {
    std::map<std::string, std::set<double>> printed;  // group -> distinct printed means
    for (const Row& row : pivot->rows) {
      const Summary& summary = row.values[c].summary;
      if (summary.n > 0) printed[row.group].insert(as_printed(summary.mean));
    }
    for (Row& row : pivot->rows) {
      TableValue& value = row.values[c];
      value.mark = Mark::kNone;
      const std::set<double>& means = printed[row.group];
      if (value.summary.n == 0 || means.size() < 2) continue;  // nothing to compare with
      const double own = as_printed(value.summary.mean);
      if (own == *means.rbegin()) value.mark = Mark::kBest;
      if (own == *std::next(means.rbegin())) value.mark = Mark::kSecond;
    }
  }
}

}  // namespace lea::report
