// An experiment as rows and columns: the content of its table, before any format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

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

// What a row has in a column.
struct TableValue {
  Summary summary;  // n = 0: nothing measured
  Mark mark = Mark::kNone;
};

// One run's part in a row.
struct Member {
  db::RunRow run;
  run::Candidate candidate;
  run::Result result;  // of finished runs
  Measured metrics;    // of finished runs
};

struct Row {
  std::vector<std::string> labels;  // one an axis
  std::string name;                 // for messages: "gru4rec snqn"
  bool untrained = false;
  std::string group;  // rows of one group are comparable: same data, split and protocol
  // By seed, one run each: the one that counts (core/run/counting.h).
  std::vector<Member> finished;
  std::vector<Member> unfinished;  // failed, interrupted, queued or running
  std::vector<int64_t> missing;    // planned seeds without a run
  int64_t superseded = 0;          // other finished runs of the same seeds, left out
  int64_t other_data = 0;          // finished runs on a data set since replaced, left out
  std::vector<TableValue> values;  // one a column
};

struct Pivot {
  std::string experiment;
  std::vector<std::string> axes;
  std::vector<Column> columns;
  std::vector<Row> rows;           // untrained first, then in the order of the axes
  std::vector<std::string> notes;  // the footer, one line each, plain text
};

// Digits behind the point of a printed metric; marks compare what is printed.
inline constexpr int kDigits = 4;
std::string fixed(double value);

// Without the footer. `runs` are db::Store::runs of the experiment, and `plan` its plan where it
// has one: planned runs that do not exist yet are then shown as missing. Without a plan a seed is
// missing where other trained rows have it. Precondition: `runs` is not empty.
Pivot make_pivot(const std::string& experiment, const std::vector<db::RunRow>& runs,
                 const std::map<std::string, Measured>& stored, const TableOptions& options,
                 const std::optional<db::ExperimentRow>& plan = std::nullopt);

// Marks the best and second best printed mean of each test and validation column within each group.
// Equal printed means share a mark.
void mark_best(Pivot* pivot);

// The footer: data, protocol, runs, flags.
std::vector<std::string> footer(const Pivot& pivot, const TableOptions& options);

}  // namespace lea::report
