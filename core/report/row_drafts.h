// Merges the runs of an experiment into the rows of its table: the runs of a row differ in splits and
// repetitions alone, and one run of each repetition counts.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/report/pivot.h"
#include "core/report/repeats.h"

namespace lea::report {

// A row before the axes, columns and the order of the table are known.
struct RowDraft {
  Row row;
  std::map<std::string, std::string> settings;              // empty for a row that is only planned
  db::RunRow first;                                         // gives the row its labels
  std::map<Repetition, std::vector<Member>> by_repetition;  // all runs of the row
};

// The seeds of the splits that the experiment states on an axis.
std::set<int64_t> splits_on_an_axis(const std::vector<db::RunRow>& runs,
                                    const std::optional<db::ExperimentRow>& plan);

// The rows in the order of their first runs. With `closed`, no test part is shown. Throws as
// `measure` (core/report/measure.h).
std::vector<RowDraft> draft_rows(const std::vector<db::RunRow>& runs, const Repeats& repeats,
                                 const std::map<std::string, Measured>& stored,
                                 const TableOptions& options, bool closed);

// Adds planned runs that do not exist as missing, to the row with their labels or to a new row.
void add_planned(const db::ExperimentRow& plan, const Repeats& repeats,
                 std::vector<RowDraft>* drafts);

}  // namespace lea::report
