// An experiment as rows and columns: the content of its table, before any format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/report/measure.h"
#include "core/report/statistics.h"
#include "core/report/table.h"

namespace lea::report {

struct Column {
  std::string metric;  // "ndcg@20"
  std::string part;    // "test" or "valid"
  std::string title;   // "NDCG@20", "valid NDCG@20"
};

enum class Mark { kNone, kBest, kSecond };

struct TableCell {
  Summary summary;  // n = 0: nothing measured
  Mark mark = Mark::kNone;
};

// One run's part in a row.
struct Member {
  db::RunRow run;
  bool current = false;  // was made with the data set that the lab has now
  Measured metrics;      // of finished runs
};

struct Row {
  std::vector<std::string> labels;  // one an axis
  std::string name;                 // for messages: "gru4rec snqn"
  bool untrained = false;
  std::string group;             // rows of one group are comparable: same data, split and protocol
  std::vector<Member> finished;  // by seed; one a seed, the newest
  std::vector<Member>
      unfinished;  // failed, interrupted, queued, running: seeds without a finished run
  std::vector<int64_t> missing;  // seeds that other trained rows have
  int64_t superseded = 0;        // older finished runs of the same seed, left out
  int64_t other_data = 0;        // finished runs on a data set since replaced, left out
  std::vector<TableCell> cells;  // one a column
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
// has one: cells that were planned and have no run yet are then shown as such. Without a plan a
// seed is missing where other trained rows have it. Precondition: `runs` is not empty.
Pivot make_pivot(const std::string& experiment, const std::vector<db::RunRow>& runs,
                 const std::map<std::string, Measured>& stored, const TableOptions& options,
                 const std::optional<db::ExperimentRow>& plan = std::nullopt);

// Marks the best and second best printed mean of each test and validation column within each group.
// Equal printed means share a mark.
void mark_best(Pivot* pivot);

// The footer: data, protocol, runs, flags.
std::vector<std::string> footer(const Pivot& pivot, const TableOptions& options);

}  // namespace lea::report
