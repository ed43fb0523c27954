// The results index: the only code that speaks SQL. Rebuildable from the run folders.
//
// One writer a lab (a lock file names its host and pid); viewers open read-only. Rollback journal, since
// SQLite 3.7.0-3.51.2 has the WAL-reset bug; foreign keys on; STRICT tables; every writing transaction is
// IMMEDIATE. Schema: db/schema/NNN_*.sql, applied in order under PRAGMA user_version.
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
  std::string uuid, experiment, cell_hash, state, reason, created, finished;
  int64_t seed = 0;
  std::map<std::string, std::string> labels;        // axis -> label
  nlohmann::json spec;                              // resolved
  nlohmann::json result;                            // result.json, null before the end
  std::string source = "lealab";                    // or "imported": ranks of another system
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

class Store {
 public:
  enum class Mode { kReadOnly, kWrite };
  // Opens lab/results.sqlite. kWrite creates and migrates it, and takes the lab's writer lock.
  // Throws StoreError: locked by host:pid, newer schema, network file system, not our file.
  Store(const std::string& lab, Mode mode);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Idempotent upsert of a run with its results, curves and plugins in one transaction. Every result is
  // checked: finite, in [0, 1], known metric, the bounds of core/eval/ranks.h. A violation is a
  // StoreError that names run and row, and nothing is written.
  void put(const RunRow& run, const std::vector<ResultRow>& results, const std::vector<CurvePoint>& curves);

  std::vector<RunRow> runs(const std::string& experiment = "") const;  // "" = all; by created, uuid
  std::optional<RunRow> run(const std::string& uuid_prefix) const;     // StoreError when ambiguous
  std::vector<ResultRow> results(const std::string& experiment = "") const;
  std::vector<CurvePoint> curve(const std::string& uuid, const std::string& metric) const;
  std::vector<std::string> experiments() const;

  // A stable hash of all rows, for "rebuilt equals imported" and crash tests.
  std::string content_hash() const;
  void clear();  // all rows; `lealab db rebuild`

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lea::db
