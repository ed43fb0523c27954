#include "core/report/pairs.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"

namespace lea::report {
namespace {

using Values = std::map<Repetition, double>;
using Gains = std::vector<eval::SequenceGain>;
using RepetitionPairs = std::vector<std::pair<Repetition, Repetition>>;

// The last NDCG of the test part, or of validation in a table whose test part is closed.
std::optional<size_t> compared_column(const Pivot& pivot) {
  std::optional<size_t> last;
  for (const char* part : {"valid", "test"}) {
    for (size_t c = 0; c < pivot.columns.size(); ++c) {
      const Column& column = pivot.columns[c];
      if (column.part == part && column.metric.starts_with("ndcg@")) last = c;
    }
  }
  return last;
}

std::set<Repetition> repetitions_of(const Values& values) {
  std::set<Repetition> repetitions;
  for (const auto& [repetition, value] : values) repetitions.insert(repetition);
  return repetitions;
}

// By setting, the row that the others are compared with. Means over other splits say little about
// each other, so rows of one group are preferred to a greater mean: the group with the most splits,
// then the one with the most rows, then the first.
std::map<std::string, size_t> references(const Pivot& pivot, size_t column) {
  std::map<std::string, size_t> first;  // by group
  std::map<std::string, int64_t> rows;  // by group
  for (size_t r = 0; r < pivot.rows.size(); ++r) {
    first.emplace(pivot.rows[r].group, r);
    ++rows[pivot.rows[r].group];
  }
  using Rank = std::tuple<size_t, int64_t, int64_t, double>;
  std::map<std::string, std::pair<Rank, size_t>> best;  // by setting
  for (size_t r = 0; r < pivot.rows.size(); ++r) {
    const Row& row = pivot.rows[r];
    std::set<int64_t> splits;
    for (const auto& [repetition, value] : values_of(row, pivot.columns[column])) {
      splits.insert(repetition.split);
    }
    if (splits.empty()) continue;
    const Rank rank = {splits.size(), rows[row.group], -static_cast<int64_t>(first[row.group]),
                       row.values[column].summary.mean};
    const auto [at, fresh] = best.emplace(row.setting, std::pair(rank, r));
    if (!fresh && rank > at->second.first) at->second = {rank, r};
  }
  std::map<std::string, size_t> chosen;
  for (const auto& [setting, of_setting] : best) chosen[setting] = of_setting.second;
  return chosen;
}

// By seed of the split. The finished runs of a row have one fingerprint for each.
std::map<int64_t, std::string> split_fingerprints(const Row& row) {
  std::map<int64_t, std::string> fingerprints;
  for (const Member& member : row.finished) {
    fingerprints[member.repetition.split] = text_at(member.run.result, "split_fingerprint");
  }
  return fingerprints;
}

// Removes the values on splits that are not the same in both rows.
void drop_other_splits(const Row& row, const Row& reference, Values* own, Values* others) {
  auto left = split_fingerprints(row), right = split_fingerprints(reference);
  const auto differs = [&](const auto& value) {
    const int64_t split = value.first.split;
    return left[split] != right[split];
  };
  std::erase_if(*own, differs);
  std::erase_if(*others, differs);
}

// The gains of a row's runs by sequence, read when they are first asked for.
class RowGains {
 public:
  RowGains(const Row& row, const Column& column, const TableOptions& options)
      : row_(row), column_(column), options_(options) {}

  // Null when the lab does not have the ranks behind the result.
  const Gains* of(const Repetition& repetition) {
    const auto [at, fresh] = read_.try_emplace(repetition);
    if (fresh) at->second = read(repetition);
    return at->second ? &*at->second : nullptr;
  }

 private:
  std::optional<Gains> read(const Repetition& repetition) const {
    const auto member =
        std::find_if(row_.finished.begin(), row_.finished.end(),
                     [&](const Member& each) { return each.repetition == repetition; });
    const db::RunRow& run = member->run;
    try {
      const auto ranks = read_ranks(options_.lab, run.uuid, column_.part);
      const bool same = ranks &&
                        ranks->data_fingerprint == text_at(run.result, "data_fingerprint") &&
                        ranks->split_fingerprint == text_at(run.result, "split_fingerprint");
      if (!same) return std::nullopt;
      return eval::sequence_gains(ranks->records, protocol_of(run, options_), column_.metric);
    } catch (const Error&) {
      return std::nullopt;  // `lealab db check` reports the damage
    }
  }

  const Row& row_;
  const Column& column_;
  const TableOptions& options_;
  std::map<Repetition, std::optional<Gains>> read_;
};

bool same_events(const Gains& a, const Gains& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& left, const auto& right) {
                      return left.sequence == right.sequence && left.events == right.events;
                    });
}

// The parts of each split: the differences of its pairs, each with the weight 1 / number of pairs.
// Empty when some ranks are missing or do not fit; their runs are then counted.
std::vector<SplitPart> parts_of(const RepetitionPairs& pairs, RowGains* row, RowGains* reference,
                                size_t* without_ranks) {
  std::set<std::pair<bool, Repetition>> missing;
  std::map<int64_t, double> number;  // of the pairs, by split
  for (const auto& [own, other] : pairs) {
    ++number[own.split];
    const Gains *left = row->of(own), *right = reference->of(other);
    const bool fit = !left || !right || same_events(*left, *right);
    if (!left || !fit) missing.emplace(true, own);
    if (!right || !fit) missing.emplace(false, other);
  }
  *without_ranks = missing.size();
  if (!missing.empty()) return {};
  std::map<int64_t, std::vector<SplitPart>> by_split;
  for (const auto& [own, other] : pairs) {
    const Gains &left = *row->of(own), &right = *reference->of(other);
    std::vector<SplitPart>& parts = by_split[own.split];
    if (parts.empty()) {
      for (const auto& gain : left) parts.push_back({gain.sequence, own.split, gain.events, 0});
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      parts[i].difference += (left[i].sum - right[i].sum) / number[own.split];
    }
  }
  std::vector<SplitPart> all;
  for (const auto& [split, parts] : by_split) all.insert(all.end(), parts.begin(), parts.end());
  return all;
}

// The finished runs of a row that are in no pair.
std::set<Repetition> unpaired(const Values& own, const Values& others,
                              const RepetitionPairs& pairs) {
  std::set<Repetition> left = repetitions_of(own), right = repetitions_of(others);
  for (const auto& [a, b] : pairs) {
    left.erase(a);
    right.erase(b);
  }
  left.merge(right);
  return left;
}

PairedRows compare(const Pivot& pivot, size_t row, size_t reference, size_t column,
                   const TableOptions& options, RowGains* reference_gains) {
  PairedRows compared{row, reference, column, {}, {}, 0, {}, {}, {}};
  const Row &left = pivot.rows[row], &right = pivot.rows[reference];
  const Column& metric = pivot.columns[column];
  const Values all = values_of(left, metric), all_others = values_of(right, metric);
  Values own = all, others = all_others;
  drop_other_splits(left, right, &own, &others);
  const Values differences = paired_differences(own, others);
  for (const auto& [repetition, difference] : differences) {
    compared.splits.insert(repetition.split);
    if (repetition.seed != 0) compared.seeds.insert(repetition.seed);
  }
  compared.difference = summarize(differences);
  const RepetitionPairs pairs = pairs_of(repetitions_of(own), repetitions_of(others));
  compared.left_out = unpaired(all, all_others, pairs);
  if (options.lab.empty() || pairs.empty()) return compared;
  RowGains gains(left, metric, options);
  compared.over_sequences =
      cluster_interval(parts_of(pairs, &gains, reference_gains, &compared.without_ranks));
  return compared;
}

std::string p_text(double p) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", p);
  return text;
}

std::string comparison_line(const Pivot& pivot, const PairedRows& pairs) {
  const std::string& row = pivot.rows[pairs.row].name;
  const std::string& reference = pivot.rows[pairs.reference].name;
  std::string line = "In pairs: ";
  if (pairs.difference.n == 0) {
    return line + row + " has no split and seed in common with " + reference +
           ", so the two are not compared.";
  }
  line += pivot.columns[pairs.column].title + " of " + row + " minus " + reference + ": " +
          fixed(pairs.difference.mean);
  if (const auto& interval = pairs.over_sequences) {
    line += "; 95 % interval over " + grouped(interval->sequences) + " sequences " +
            fixed(interval->low) + " to " + fixed(interval->high) + ", p " + p_text(interval->p);
  }
  if (pairs.difference.half_width) {
    line += std::string(pairs.over_sequences ? "; over " : "; 95 % interval over ") +
            counted(std::ssize(pairs.splits), "split") + " ± " +
            fixed(*pairs.difference.half_width);
  } else {
    line += "; a single split";
  }
  line += "; " + counted(pairs.difference.n, "pair");
  if (!pairs.left_out.empty()) {
    line += "; left out without a partner: " + repetitions_text(pairs.left_out);
  }
  if (pairs.without_ranks > 0) {
    line += "; no interval over sequences, because the ranks of " +
            counted(static_cast<int64_t>(pairs.without_ranks), "run") + " are missing or damaged";
  }
  return line + ".";
}

// How to read the comparisons: what was repeated, and what the intervals are about.
std::string reading_line(const Pivot& pivot) {
  const std::vector<PairedRows>& all = pivot.pairs;
  std::set<int64_t> splits, seeds;
  const ClusterInterval* widest = nullptr;  // the one with the most sequences
  const bool closed = pivot.columns[all.front().column].part == "valid";
  for (const PairedRows& pairs : all) {
    splits.insert(pairs.splits.begin(), pairs.splits.end());
    seeds.insert(pairs.seeds.begin(), pairs.seeds.end());
    const auto& interval = pairs.over_sequences;
    if (interval && (!widest || interval->sequences > widest->sequences)) widest = &*interval;
  }
  std::string line = "The pairs have " + counted(static_cast<int64_t>(splits.size()), "split") +
                     " (" + seed_list(splits) + ")";
  if (!seeds.empty()) {
    line +=
        ", " + counted(static_cast<int64_t>(seeds.size()), "seed") + " (" + seed_list(seeds) + ")";
  }
  if (widest) {
    line += " and " + grouped(widest->sequences) + (closed ? " validation" : " test") +
            " sequences, " + grouped(widest->shared) +
            (widest->shared == 1 ? " of which is" : " of which are") +
            " on several splits; all events of a sequence are one cluster, and the "
            "interval over sequences holds the trained networks fixed";
  }
  return line +
         ". Splits of one data set overlap, so the intervals are conditional on this data set. "
         "They are not corrected for the number of rows or the choice of the best one.";
}

}  // namespace

std::vector<PairedRows> compare_in_pairs(const Pivot& pivot, const TableOptions& options) {
  std::vector<PairedRows> all;
  const std::optional<size_t> column = compared_column(pivot);
  if (!pivot.over_splits || !column) return all;
  for (const auto& [setting, reference] : references(pivot, *column)) {
    RowGains gains(pivot.rows[reference], pivot.columns[*column], options);
    for (size_t r = 0; r < pivot.rows.size(); ++r) {
      if (r == reference || pivot.rows[r].setting != setting) continue;
      if (pivot.rows[r].values[*column].summary.n == 0) continue;
      all.push_back(compare(pivot, r, reference, *column, options, &gains));
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const PairedRows& a, const PairedRows& b) { return a.row < b.row; });
  return all;
}

std::vector<std::string> pair_notes(const Pivot& pivot) {
  std::vector<std::string> notes;
  for (const PairedRows& pairs : pivot.pairs) notes.push_back(comparison_line(pivot, pairs));
  const bool any = std::any_of(pivot.pairs.begin(), pivot.pairs.end(),
                               [](const PairedRows& pairs) { return pairs.difference.n > 0; });
  if (any) notes.push_back(reading_line(pivot));
  return notes;
}

}  // namespace lea::report
