// Arranges an experiment in rows and columns: the content of its table in no particular format.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/report/cluster_interval.h"
#include "core/report/measure.h"
#include "core/report/statistics.h"
#include "core/report/table.h"
#include "core/run/counting.h"
#include "core/run/result.h"

namespace lea::report {

struct Column {
  std::string metric;  // "ndcg@20"
  std::string part;    // "test" or "valid"
  std::string title;   // "NDCG@20", "valid NDCG@20"
};

enum class Mark { kNone, kBest, kSecond };

// The value of a row in a column.
struct TableValue {
  Summary summary;  // n = 0: there is no value
  Mark mark = Mark::kNone;
  std::string significance = {};  // marks of tests, such as "*"; empty while none was made
};

// A run that belongs to a row.
struct Member {
  db::RunRow run;
  Repetition repetition;
  run::Candidate candidate;
  run::Result result;   // default for a run that has not finished
  Measured metrics;     // empty for a run that has not finished
  bool closed = false;  // finished, and the table may not show its test part
};

struct Row {
  std::vector<std::string> labels;  // one for each axis
  std::string name;                 // for messages: "gru4rec snqn"
  bool untrained = false;
  std::string setting;  // data and protocol, whichever the splits
  std::string group;    // rows of a group are comparable: same data, splits and protocol
  // For each repetition, the run that counts (core/run/counting.h) is in one of these two, in the
  // order of the repetitions.
  std::vector<Member> finished;
  std::vector<Member> unfinished;   // failed, cancelled, interrupted, queued or running
  std::vector<Repetition> missing;  // planned repetitions without a run
  int64_t superseded = 0;  // number of other finished runs of the same repetitions, not shown
  int64_t other_data = 0;  // number of finished runs on another data set or split, not shown
  std::vector<TableValue> values;  // one for each column
  bool below_floor = false;        // a trained row below the best training-free row of its group
};

// How often the test part of a split was read in this lab (core/report/test_reads.h).
struct TestReads {
  bool by_table = false;  // whether the table shows a run that has read it
  int64_t before = 0;  // other runs that had read it before the first of those; all runs otherwise
};

// A row minus the reference row, in pairs of runs of equal split and seed (core/report/pairs.h).
struct PairedRows {
  size_t row = 0, reference = 0;  // in Pivot::rows
  size_t column = 0;              // in Pivot::columns
  // Mean and interval over the splits. `n` is the number of pairs; 0: the rows have none.
  Summary difference;
  std::optional<ClusterInterval> over_sequences;  // empty without the ranks
  size_t without_ranks = 0;                       // number of runs whose ranks the lab lacks
  std::set<int64_t> splits, seeds;                // of the pairs; no seed for untrained rows
  std::set<Repetition> left_out;                  // finished runs of either row without a partner
};

struct Pivot {
  std::string experiment;
  bool over_splits = false;  // the rows are means over splits: `split.seed` is an axis
  bool own_seeds = false;    // runs of a row differ in seeds of plugins, too: a zip has `seed`
  std::vector<std::string> axes;
  std::vector<std::vector<std::string>> labels;  // for each axis, in the order of the rows
  std::vector<Column> columns;
  std::vector<Row> rows;  // untrained first, then in the order of the axes
  // No finished run shows its test part, so the columns show validation. The spec may say so
  // (evaluate.test: false), even where other experiments have opened the runs.
  bool closed = false;
  std::map<std::string, TestReads> test_reads;  // by group; empty when they were not counted
  // Training-free rows of other experiments (core/report/training_free.h). They have no marks.
  std::vector<Row> borrowed;
  std::vector<PairedRows> pairs;      // only with over_splits
  std::vector<std::string> notes;     // the footer, one line each, plain text
  std::vector<std::string> commands;  // shell commands that the footer recommends
};

// Decimal places of a printed metric. Marks compare the printed values.
inline constexpr int kDigits = 4;
std::string fixed(double value);
double as_printed(double value);

// "NDCG@20" for "ndcg@20".
std::string metric_title(const std::string& metric);

// The values of a row in a column, by repetition.
std::map<Repetition, double> values_of(const Row& row, const Column& column);

// Makes the table without its footer. `runs` are all runs of the experiment (db::Store::runs). With
// a plan, planned runs that do not exist are missing. Without a plan, a repetition is missing in a
// trained row when another trained row has it. Precondition: there is a run or a planned run.
Pivot make_pivot(const std::string& experiment, const std::vector<db::RunRow>& runs,
                 const std::map<std::string, Measured>& stored, const TableOptions& options,
                 const std::optional<db::ExperimentRow>& plan = std::nullopt);

// The rows of other runs under the axes and columns of `pivot`, without marks. Throws as `measure`.
std::vector<Row> more_rows(const Pivot& pivot, const std::vector<db::RunRow>& runs,
                           const std::map<std::string, Measured>& stored,
                           const TableOptions& options);

// Marks the best and second best printed mean of each column within each group. Equal printed means
// get the same mark.
void mark_best(Pivot* pivot);

// The same for values that may be compared with each other.
void mark_values(const std::vector<TableValue*>& values);

// The rows as they are printed: those of other experiments follow the untrained ones.
std::vector<const Row*> printed_rows(const Pivot& pivot);

// The runs that count, by state.
struct StateCounts {
  int64_t finished = 0, failed = 0, missing = 0;
  std::map<std::string, int64_t> open;  // running, interrupted, queued or cancelled
};
StateCounts count_states(const Pivot& pivot);

// Sets the footer of the pivot: one line each about data, protocol, runs and problems.
void add_footer(const TableOptions& options, Pivot* pivot);

}  // namespace lea::report
