// What a matrix needs of the runs of an experiment, in little memory: a lab may have 100,000 of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// Where a run stands. A stale run has finished.
enum class Standing : uint8_t {
  kFinished,
  kStale,
  kRunning,
  kInterrupted,
  kQueued,
  kCancelled,
  kFailed,
  kMissing,  // planned, and there is no run
};
inline constexpr size_t kStandings = 8;

// "finished", "stale", "running" ... "missing".
const char* to_string(Standing standing);

// The names of the axes that every experiment has, besides those of its spec.
inline constexpr const char* kDataAxis = "data";      // the data set
inline constexpr const char* kSplitAxis = "split";    // the seed of the split
inline constexpr const char* kSeedAxis = "seed";      // of the run; "-" when it is not trained
inline constexpr const char* kMetricAxis = "metric";  // "ndcg@20"
inline constexpr const char* kPartAxis = "part";      // "test" or "valid"

struct MatrixSource {
  struct Axis {
    std::string name;
    std::vector<std::string> labels;  // in the order of the table
  };
  // A row of the table: runs that differ in splits and seeds alone.
  struct Setting {
    std::vector<uint32_t> labels;  // for each of `settings_axes`, the index of its label
    std::string name;
    uint32_t group = 0;  // settings of a group are comparable (Row::group)
    bool untrained = false;
    bool borrowed = false;  // from another experiment, without marks
    bool below_floor = false;
  };
  struct Run {
    uint32_t setting = 0, split = 0, seed = 0;  // indices of labels
    Repetition repetition;
    Standing standing = Standing::kMissing;
    bool closed = false;
    std::string uuid = {};  // empty: missing
  };

  std::string experiment;
  bool over_splits = false;
  std::vector<Axis> settings_axes;
  Axis split{kSplitAxis, {}}, seed{kSeedAxis, {}}, metric{kMetricAxis, {}}, part{kPartAxis, {}};
  std::vector<Setting> settings;  // in the order of the table
  std::vector<Column> columns;
  std::vector<uint32_t> column_metric, column_part;  // for each column, the indices of its labels
  std::vector<Run> runs;
  // For each run, its value in each column; NaN where it has none.
  std::vector<double> values;
  std::vector<bool> read;  // for each column, whether its values are there

  double value(size_t run, size_t column) const { return values[run * columns.size() + column]; }
  // All axes: those of the settings, then split, seed, metric and part where they have labels.
  std::vector<const Axis*> axes() const;
  const Axis* axis(const std::string& name) const;  // nullptr: there is none

  // Adds a label where the axis lacks it. Returns its index.
  static uint32_t index_of(const std::string& label, Axis* axis);
  void set_columns(const std::vector<Column>& columns);
};

// Of a table. `installed` decides which runs are stale.
MatrixSource matrix_source(const Pivot& pivot, const run::InstalledPlugins& installed);

}  // namespace lea::report
