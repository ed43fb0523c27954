// Prints the table of an experiment: a row for each cell of the grid, mean and interval over seeds
// (and splits, where `split.seed` is an axis), and marks for the best and second best values. All numbers come from the results index, or from
// the ranks in the lab where the options need them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/eval/ranks.h"
#include "core/run/stale.h"
#include "db/store/store.h"

namespace lea::report {

// Options of a table. With the defaults it shows only stored results.
struct TableOptions {
  // The lab's folder. The footer's counts of the data set, the exact effect of ties, and a protocol
  // that differs from the stored one need it. Empty: only the index is read.
  std::string lab;
  std::vector<int64_t> k;           // cuts of the metrics; empty: evaluate.k of the runs
  std::optional<eval::Ties> ties;   // empty: evaluate.ties of the runs
  std::optional<bool> remove_seen;  // empty: evaluate.remove_seen of the runs
  bool rows_by_split = false;       // a row for each split, instead of a mean over the splits
  // The installed plugins, for the footer's line about stale runs (core/run/stale.h).
  run::InstalledPlugins installed;
};

struct Pivot;  // core/report/pivot.h

// The table of an experiment with its footer, whether or not a run has finished or failed. Throws
// ConfigError for an experiment without a plan and runs (with the nearest name), DataError where ranks
// that the options need are missing or damaged.
Pivot experiment_pivot(const db::Store& store, const std::string& experiment,
                       const TableOptions& options);

// Whether a run has finished, or failed.
bool has_outcome(const Pivot& pivot);

// What there is instead of a table: the number of runs in each state, and what makes or shows them.
std::string sentence_before_outcomes(const Pivot& pivot);

// `format` is one of text, markdown, csv, latex, json. `terminal` allows ANSI marks in text.
// For an experiment of which no run has finished or failed yet: a sentence with the number of runs
// in each state; a CSV or JSON document without rows. Throws UsageError for an unknown format,
// and as experiment_pivot.
std::string experiment_table(const db::Store& store, const std::string& experiment,
                             const std::string& format, bool terminal,
                             const TableOptions& options = {});

}  // namespace lea::report
