// The table of an experiment, as the paper prints it: a row for each cell of the grid, mean and
// interval over seeds, best and second best marked. Every mark and number is computed from the
// results index.
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

// What a table shows beyond the stored results. The defaults show what the runs stored.
struct TableOptions {
  // The lab's folder. With it, the footer gains the counts of the data set and the exact effect of
  // ties, and the protocol below can differ from the stored one. Empty: the index alone is read.
  std::string lab;
  std::vector<int64_t> k;           // cuts; empty: evaluate.k of the runs
  std::optional<eval::Ties> ties;   // empty: evaluate.ties of the runs
  std::optional<bool> remove_seen;  // empty: evaluate.remove_seen of the runs
  // The plugins that are installed now, for the line about stale runs (core/run/stale.h).
  run::InstalledPlugins installed;
};

// `format` is one of text, markdown, csv, latex, json. `terminal` allows ANSI marks in text.
// Throws UsageError for an unknown format, ConfigError for an experiment without runs (with the
// nearest name), DataError where ranks that the options need are missing or damaged.
std::string experiment_table(const db::Store& store, const std::string& experiment,
                             const std::string& format, bool terminal,
                             const TableOptions& options = {});

}  // namespace lea::report
