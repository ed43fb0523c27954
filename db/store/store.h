// The results index: the only code that speaks SQL. Rebuildable from the run folders.
//
// One writer a lab (a lock file names its host and pid); viewers open read-only. Rollback journal,
// since SQLite 3.7.0-3.51.2 has the WAL-reset bug; foreign keys on; STRICT tables; every writing
// transaction is IMMEDIATE. Schema: db/schema/NNN_*.sql, applied in order under PRAGMA
// user_version.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lea::db {

// One run as the index knows it. Everything is copied from its folder.
struct RunRow {
  std::string uuid, experiment, run_hash, state, reason, created, finished;
  int64_t seed = 0;
  std::map<std::string, std::string> labels;  // axis -> label
  std::vector<std::string> axes;              // in the order of the spec, "seed" not included
  int64_t position = -1;                      // in the experiment's grid, -1 outside a plan
  nlohmann::json spec;                        // resolved
  nlohmann::json result;                      // result.json, null before the end
  std::string source = "lealab";              // or "imported": ranks of another system
};

struct ResultRow {
  std::string uuid, metric, part;  // metric as "ndcg", part "valid" or "test"
  int64_t k = 0;
  double value = 0;
};

struct CurvePoint {
  std::string metric;  // as "ndcg@20", "loss"
  int64_t step = 0;
  double value = 0;
};

// What an experiment plans. A run belongs to every experiment that plans its hash and seed,
// whichever it was first run for; its labels are then those of that experiment.
struct ExperimentRow {
  struct Run {
    std::string hash;
    int64_t seed = 0;
    std::map<std::string, std::string> labels;
  };
  std::string name, created;
  std::vector<std::string> axes;
  nlohmann::json spec;    // the resolved spec file
  std::vector<Run> runs;  // in grid order; no two have the same hash and seed
};

class Store {
 public:
  enum class Mode { kReadOnly, kWrite };
  // Opens lab/results.sqlite. kWrite creates and migrates it, and holds the lab's writer lock,
  // waiting for it at most 30 s: keep such a store only as long as there is something to write.
  // Throws StoreError: locked by host and pid, newer schema, network file system, not our file,
  // absent.
  Store(const std::string& lab, Mode mode);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Idempotent upsert of a run with its results, curves and plugins in one transaction. Every
  // result is checked: finite, in [0, 1], known metric, the bounds of core/eval/ranks.h. A
  // violation is a StoreError that names run and row, and nothing is written.
  void put(const RunRow& run, const std::vector<ResultRow>& results,
           const std::vector<CurvePoint>& curves);

  // Replaces the plan of that name.
  void put_experiment(const ExperimentRow& experiment);

  // "" = all, by created and uuid. Of one experiment: all runs of the hashes that it plans, in grid
  // order, then the imported ones; without a plan those that were run for it. Several runs may share
  // a hash: core/run/counting.h says which of them counts.
  std::vector<RunRow> runs(const std::string& experiment = "") const;
  std::optional<RunRow> run(const std::string& uuid_prefix) const;  // StoreError when ambiguous
  std::vector<ResultRow> results(const std::string& experiment = "") const;
  std::vector<CurvePoint> curve(const std::string& uuid, const std::string& metric) const;
  std::vector<std::string> experiments() const;
  std::optional<ExperimentRow> experiment(const std::string& name) const;
  std::map<std::string, std::string> states()
      const;  // uuid -> state, without reading anything else

  // SQLite's own checks of the file (integrity, foreign keys) and the invariants of every row. One
  // sentence for each problem.
  std::vector<std::string> problems() const;

  // A stable hash of all rows, for "rebuilt equals imported" and crash tests.
  std::string content_hash() const;
  void clear();  // all rows; `lealab db rebuild`

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the lab has a results index, lab/results.sqlite.
bool has_index(const std::string& lab);

// When lab/results.sqlite is damaged or no database at all, renames it and returns the new path;
// else "". A sound file is left alone, whosever it is.
std::string set_damaged_aside(const std::string& lab);

}  // namespace lea::db
