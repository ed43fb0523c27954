// Writes the footer of a table: data, split, protocol, number of runs, and problems.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/report/environment_notes.h"
#include "core/report/flags.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/pairs.h"
#include "core/report/pivot.h"
#include "core/report/quality_notes.h"
#include "core/report/training_free.h"
#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

using Lines = std::vector<std::string>;

// The part whose ties and collapse a row's results describe.
std::string part_of(const Row& row) {
  const bool closed = !row.finished.empty() && row.finished.front().result.closed();
  return closed ? "validation" : "test";
}

// The counts of the ranked data set as ", N items, ..."; empty when the lab has no data set of the
// name. Another data set of the same name is reported instead.
std::string data_counts(const std::string& lab, const std::string& name,
                        const std::string& fingerprint) {
  const nlohmann::json description = lab_data(lab, name);
  if (!description.is_object()) return "";
  if (text_at(description, "fingerprint") != fingerprint) {
    return " (fingerprint " + fingerprint.substr(0, 8) + ", not the data set that the lab has now)";
  }
  std::vector<std::string> parts;
  for (const char* key : {"items", "sequences", "events"}) {
    const std::optional<double> count = number_at(description, std::string("counts.") + key);
    if (count) parts.push_back(grouped(std::llround(*count)) + " " + key);
  }
  return parts.empty() ? "" : ", " + joined(parts);
}

// "seed 1" or "seeds 1, 2".
std::string seeds_text(const std::set<int64_t>& seeds) {
  return (seeds.size() == 1 ? "seed " : "seeds ") + seed_list(seeds);
}

// `seeds` are those of the splits that the rows are means over.
std::string describe_split(const nlohmann::json& spec, const std::set<int64_t>& seeds) {
  const std::string by = text_at(spec, "split.by");
  std::string text = "split by " + (by.empty() ? "an unknown rule" : by);
  const nlohmann::json* ratios = find_path(spec, "split.ratios");
  if ((by == "sequence" || by == "time") && ratios != nullptr && ratios->is_array()) {
    std::vector<std::string> parts;
    for (const auto& ratio : *ratios) parts.push_back(ratio.dump());
    text += " " + joined(parts, "/");
  }
  if (by == "sequence" && !seeds.empty()) text += " " + seeds_text(seeds);
  return text;
}

std::string describe_protocol(const eval::Protocol& protocol) {
  static const std::map<eval::Ties, std::string> kTies = {
      {eval::Ties::kPessimistic, "ties against the target (pessimistic)"},
      {eval::Ties::kExpected, "ties by expectation"},
      {eval::Ties::kOptimistic, "ties for the target (optimistic)"}};
  return std::string("full ranking over all items") +
         (protocol.remove_seen ? ", items seen before removed" : ", seen items kept") + ", " +
         kTies.at(protocol.ties) + ", first events of sequences " +
         (protocol.first_event ? "counted" : "left out");
}

std::string describe_reads(const TestReads& reads) {
  const std::string runs = reads.before == 0 ? "no run" : counted(reads.before, "run");
  if (!reads.by_table) {
    return "Test part: closed (evaluate.test: false); " + runs + " of this lab " +
           (reads.before > 1 ? "have" : "has") + " read it.";
  }
  return "Test part: " + runs + " of this lab had read it before the first of this table.";
}

// One line for each group of comparable rows.
void add_data_and_protocol(const Pivot& pivot, const TableOptions& options, Lines* notes) {
  std::set<std::string> seen;
  for (const Row& row : pivot.rows) {
    if (row.finished.empty() || !seen.insert(row.group).second) continue;
    const db::RunRow& run = row.finished.front().run;
    const std::string name = text_at(run.spec, "data.name");
    std::set<int64_t> seeds;
    std::map<int64_t, std::string> splits;  // first digits of the fingerprint, by seed
    for (const Member& member : row.finished) {
      const auto seed = number_at(member.run.spec, spec::kSplitSeed);
      if (seed) seeds.insert(std::llround(*seed));
      const std::string split = text_at(member.run.result, "split_fingerprint");
      if (!split.empty()) splits[member.repetition.split] = split.substr(0, 8);
    }
    std::vector<std::string> fingerprints;
    for (const auto& [seed, fingerprint] : splits) fingerprints.push_back(fingerprint);
    const std::string counts =
        data_counts(options.lab, name, text_at(run.result, "data_fingerprint"));
    std::string line = "Data: " + name + counts + "; " + describe_split(run.spec, seeds);
    if (!splits.empty()) {
      line += (splits.size() == 1 ? ", fingerprint " : ", fingerprints ") + joined(fingerprints);
    }
    notes->push_back(line + ".");
    notes->push_back("Protocol: " + describe_protocol(protocol_of(run, options)) + ".");
    const auto reads = pivot.test_reads.find(row.group);
    if (reads != pivot.test_reads.end()) notes->push_back(describe_reads(reads->second));
  }
  if (seen.size() > 1) {
    notes->push_back(
        "Rows differ in data, split or protocol: marks compare only rows that share them.");
  }
}

void add_counts(const Pivot& pivot, Lines* notes) {
  const StateCounts counts = count_states(pivot);
  int64_t superseded = 0, other_data = 0;
  double seconds = 0;
  std::set<int64_t> seeds, imported;
  bool baselines = false;
  for (const Row& row : pivot.rows) {
    superseded += row.superseded;
    other_data += row.other_data;
    for (const Member& member : row.finished) {
      if (row.untrained) {
        baselines = true;  // and without a seed
      } else {
        (member.run.source == "lealab" ? seeds : imported).insert(member.run.seed);
      }
      seconds += number_at(member.run.result, "wall_seconds").value_or(0);
    }
  }
  std::string line = "Runs: " + std::to_string(counts.finished) + " finished";
  if (counts.failed > 0) line += ", " + std::to_string(counts.failed) + " failed";
  for (const char* state : {"running", "interrupted", "queued", "cancelled"}) {
    const auto found = counts.open.find(state);
    if (found != counts.open.end()) line += ", " + std::to_string(found->second) + " " + state;
  }
  if (counts.missing > 0) line += ", " + std::to_string(counts.missing) + " missing";
  std::vector<std::string> others;
  if (baselines)
    others.push_back(std::string("untrained baselines: one run") +
                     (pivot.over_splits ? " a split" : ""));
  if (!imported.empty()) others.push_back("imported: " + seeds_text(imported));
  if (!seeds.empty()) {
    line += "; " + seeds_text(seeds);
    if (!others.empty()) line += " (" + joined(others, "; ") + ")";
  } else if (!others.empty()) {
    line += "; " + joined(others, "; ");
  }
  if (seconds > 0) line += "; " + duration_text(seconds, DurationStyle::kCost) + " of computing";
  if (superseded > 0) {
    line +=
        "; " + counted(superseded, "older finished run") + " of the same cell and seed left out";
  }
  if (other_data > 0) {
    line +=
        "; " + counted(other_data, "finished run") + " left out whose data set was replaced since";
  }
  notes->push_back(line + ".");
}

void add_gaps(const Pivot& pivot, Lines* notes) {
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.unfinished) {
      std::string line = member.run.state == "failed" ? "FAILED: " : "Not finished: ";
      line +=
          with_repetitions(row.name, {member.repetition}) + ", run " + member.run.uuid.substr(0, 8);
      if (member.run.state != "failed") line += " (" + member.run.state + ")";
      if (!member.run.reason.empty()) line += ": " + member.run.reason;
      notes->push_back(line);
    }
    if (!row.missing.empty()) {
      notes->push_back("Missing: " +
                       with_repetitions(row.name, {row.missing.begin(), row.missing.end()}));
    }
  }
}

// Each framework decides which of its scores ranks the items. Names that choice where a parameter
// makes it.
void add_head(const Pivot& pivot, Lines* notes) {
  std::set<std::string> heads;
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.finished) {
      const nlohmann::json* params = find_path(member.run.spec, "framework.params");
      if (params == nullptr || !params->is_object()) continue;
      for (const auto& [key, value] : params->items()) {
        if (!value.is_string() || key.find("evaluate") == std::string::npos) continue;
        heads.insert(label_of(member.run, "framework") + " " + key + "=" +
                     value.get_ref<const std::string&>());
      }
    }
  }
  if (!heads.empty())
    notes->push_back("Ranked by each framework's own score; " +
                     joined({heads.begin(), heads.end()}, "; ") + ".");
}

// Test metrics as means over a row's seeds.
struct TieMeans {
  std::map<std::string, double> worst, best;  // ties rank before the target; behind it
};

// Empty when the ranks of some run are missing.
std::optional<TieMeans> tie_means(const Row& row, const TableOptions& options) {
  TieMeans means;
  const auto add = [&](const eval::RankFile& ranks, const eval::Protocol& protocol,
                       std::map<std::string, double>* sums) {
    for (const auto& [name, value] : eval::metrics(ranks.records, protocol)) {
      (*sums)[name] += value / static_cast<double>(row.finished.size());
    }
  };
  for (const Member& member : row.finished) {
    eval::Protocol protocol = protocol_of(member.run, options);
    std::optional<eval::RankFile> ranks;
    try {
      ranks = read_ranks(options.lab, member.run.uuid, "test");
    } catch (const Error&) {
      // `lealab db check` reports the damage.
    }
    if (!ranks || member.closed || !has_ranks_for(member.run, protocol)) return std::nullopt;
    protocol.ties = eval::Ties::kPessimistic;
    add(*ranks, protocol, &means.worst);
    protocol.ties = eval::Ties::kOptimistic;
    add(*ranks, protocol, &means.best);
  }
  return means;
}

void add_ties(const Pivot& pivot, const TableOptions& options, Lines* notes) {
  for (const Row& row : pivot.rows) {
    double share = 0;
    for (const Member& member : row.finished) {
      share = std::max(share, member.result.tie_share);
    }
    // Ties change a metric by at most the share of events with ties.
    if (share < 0.5 * std::pow(10.0, -kDigits)) continue;
    const std::optional<TieMeans> means = tie_means(row, options);
    const std::string percent = fixed(100 * share).substr(0, fixed(100 * share).size() - 2) + " %";
    if (!means) {
      notes->push_back("Ties: " + row.name + ": the target ties in up to " + percent + " of the " +
                       part_of(row) + " events.");
      continue;
    }
    for (const Column& column : pivot.columns) {
      if (column.part != "test") continue;
      const auto worst = means->worst.find(column.metric), best = means->best.find(column.metric);
      if (worst == means->worst.end() || best == means->best.end()) continue;  // no such cut here
      const std::string low = fixed(worst->second), high = fixed(best->second);
      if (low == high) continue;
      notes->push_back("Saturated ties: " + row.name + ": " + column.title + " is " + low +
                       " with ties against the target and " + high + " with ties for it (" +
                       percent + " of the test events tie).");
      break;  // one metric is enough
    }
  }
}

// Names imported rows that lack the ranks for this protocol.
void add_unmeasured(const Pivot& pivot, const TableOptions& options, Lines* notes) {
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.finished) {
      if (has_ranks_for(member.run, protocol_of(member.run, options))) continue;
      notes->push_back(
          "Not measured: " + row.name +
          ": was imported without ranks among the items not seen before (rank_unseen).");
      break;
    }
  }
}

// Names rows whose test columns are empty because the test part of a run is closed.
void add_closed(const Pivot& pivot, Lines* notes) {
  if (pivot.closed) {
    notes->push_back("The columns show validation, because the test part is closed.");
    return;
  }
  for (const Row& row : pivot.rows) {
    std::set<Repetition> closed;
    for (const Member& member : row.finished) {
      if (member.closed) closed.insert(member.repetition);
    }
    if (closed.empty()) continue;
    notes->push_back("Test part closed: " + with_repetitions(row.name, closed) +
                     "; `lealab run` of the spec opens it.");
  }
}

void add_collapse(const Pivot& pivot, Lines* notes) {
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.finished) {
      if (!member.result.collapsed) continue;
      notes->push_back(
          "Collapsed (constant scores): " + with_repetitions(row.name, {member.repetition}) +
          ", run " + member.run.uuid.substr(0, 8));
    }
  }
}

void add_stale(const Pivot& pivot, const TableOptions& options, Lines* notes) {
  run::StaleRuns stale;
  for (const auto* rows : {&pivot.rows, &pivot.borrowed}) {
    for (const Row& row : *rows) {
      for (const Member& member : row.finished) {
        stale.add(run::outdated_parts(member.result, options.installed));
      }
    }
  }
  if (stale.count() > 0) notes->push_back(stale.line() + ".");
}

// Names rows with runs of several machine kinds. Equal runs give equal numbers, bit for bit, only
// within one machine kind.
void add_machines(const Pivot& pivot, Lines* notes) {
  for (const Row& row : pivot.rows) {
    std::map<std::string, std::set<Repetition>> made;  // by machine kind
    for (const Member& member : row.finished) {
      if (!member.result.made_with) continue;
      made[member.result.made_with->machine_kind].insert(member.repetition);
    }
    if (made.size() < 2) continue;
    std::vector<std::string> kinds;
    for (const auto& [kind, of_kind] : made) {
      const std::string runs = repetitions_text(of_kind);
      kinds.push_back((kind.empty() ? "unknown" : kind) + (runs.empty() ? "" : " (" + runs + ")"));
    }
    notes->push_back("Mixed machines: " + row.name + ": " + joined(kinds, "; ") + ".");
  }
}

}  // namespace

void add_footer(const TableOptions& options, Pivot* table) {
  const Pivot& pivot = *table;
  Lines notes;
  add_data_and_protocol(pivot, options, &notes);
  add_counts(pivot, &notes);
  for (std::string& line : pair_notes(pivot)) notes.push_back(std::move(line));
  add_head(pivot, &notes);
  for (std::string& line : environment_notes(pivot)) notes.push_back(std::move(line));
  for (std::string& line : quality_notes(pivot)) notes.push_back(std::move(line));
  for (std::string& line : training_free_notes(options, table)) notes.push_back(std::move(line));
  for (std::string& line : flags(pivot)) notes.push_back(std::move(line));
  add_gaps(pivot, &notes);
  add_closed(pivot, &notes);
  add_unmeasured(pivot, options, &notes);
  add_ties(pivot, options, &notes);
  add_collapse(pivot, &notes);
  add_stale(pivot, options, &notes);
  add_machines(pivot, &notes);
  for (std::string& note : notes) note = printable(note);
  for (std::string& command : table->commands) command = printable(command);
  table->notes = std::move(notes);
}

}  // namespace lea::report
