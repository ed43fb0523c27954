#include "core/report/row_drafts.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/data/dataset.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/spec/run_spec.h"
#include "core/spec/yaml.h"

namespace lea::report {
namespace {

// What distinguishes one row from another: the cell, and for imported ranks the name. Where seeds of
// plugins are no difference, the labels are one, because a bundle may state another seed on purpose.
std::string row_key(const db::RunRow& run, const Repeats& repeats) {
  std::string key = spec::cell_key(without_repeats(run.spec, repeats)) + " " + run.source;
  if (run.source == "lealab" && !repeats.own_seeds) return key;
  for (const auto& [axis, label] : labels_of(run)) {
    if (!repeats.covers(axis)) key += " " + axis + "=" + label;
  }
  return key;
}

// The settings of a cell, in which two rows of equal labels differ.
std::map<std::string, std::string> settings_of(const db::RunRow& run, const Repeats& repeats) {
  std::map<std::string, std::string> leaves = flatten(spec::essential_settings(run.spec));
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

}  // namespace

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

std::vector<RowDraft> draft_rows(const std::vector<db::RunRow>& runs, const Repeats& repeats,
                                 const std::map<std::string, Measured>& stored,
                                 const TableOptions& options, bool closed) {
  std::map<std::string, size_t> index;  // by row_key
  std::vector<RowDraft> drafts;
  data::Fingerprints data(options.lab);
  for (const db::RunRow& run : runs) {
    const auto [at, fresh] = index.emplace(row_key(run, repeats), drafts.size());
    if (fresh) {
      drafts.push_back({{}, settings_of(run, repeats), run, {}});
      forget_repeats(repeats, &drafts.back().first);
    }
    RowDraft& draft = drafts[at->second];
    draft.row.untrained = untrained(run);
    Member member = member_of(run, repeats.over_splits, data, options, stored, closed);
    draft.by_repetition[member.repetition].push_back(std::move(member));
  }
  for (RowDraft& draft : drafts) {
    for (auto& [repetition, members] : draft.by_repetition) {
      add_repetition(std::move(members), &draft.row);
    }
    draft.by_repetition.clear();
    keep_one_data_set(options, &draft.row);
  }
  return drafts;
}

void add_planned(const db::ExperimentRow& plan, const Repeats& repeats,
                 std::vector<RowDraft>* drafts) {
  std::set<std::pair<std::string, int64_t>> present;
  for (const RowDraft& draft : *drafts) {
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
    auto found = std::find_if(drafts->begin(), drafts->end(), [&](const RowDraft& draft) {
      return draft.first.position >= 0 &&
             (draft.first.labels == planned.labels || labels_of(draft.first) == planned.labels);
    });
    if (found == drafts->end()) {
      drafts->push_back({{}, {}, planned, {}});
      found = std::prev(drafts->end());
    }
    const int64_t split = repeats.over_splits ? split_of({}, run.labels) : kOneSplit;
    found->row.missing.push_back({split, run.seed});
  }
}

}  // namespace lea::report
