// The results index of a lab: the only code that uses SQL. It can be rebuilt from the run folders.
//
// A lab has one writer at a time; a lock file names its host and process id. Viewers open the index
// read-only. It has a rollback journal where SQLite has the WAL-reset bug (3.7.0-3.51.2). Foreign
// keys are on, tables are STRICT, and every writing transaction is IMMEDIATE. The schema is
// db/schema/NNN_*.sql, applied in order; PRAGMA user_version counts the applied files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lea::db {

// One run as the index has it. Everything is copied from its folder.
struct RunRow {
  std::string uuid, experiment, run_hash, state, reason, created, finished;
  int64_t seed = 0;
  std::map<std::string, std::string> labels;  // axis -> label
  std::vector<std::string> axes;              // in the order of the spec, "seed" not included
  int64_t position = -1;                      // in the experiment's grid; -1 outside a plan
  nlohmann::json spec;                        // resolved
  nlohmann::json result;                      // result.json; null before the run ends
  std::string source = "lealab";              // or "imported": ranks of another system
  // How the files of its folder looked when they were read (core/run/plain_files.h). `put` stores
  // it, and `stamps` alone reads it.
  std::string stamp = {};
};

struct ResultRow {
  std::string uuid, metric, part;  // metric as "ndcg", part "valid" or "test"
  int64_t k = 0;
  double value = 0;
};

struct CurvePoint {
  std::string metric;  // such as "ndcg@20" or "loss"
  int64_t step = 0;
  double value = 0;
};

// A run with everything that the index has of it.
struct RunRecord {
  RunRow run;
  std::vector<ResultRow> results;
  std::vector<CurvePoint> curves;
};

// The plan of an experiment. A run belongs to every experiment that plans its hash and seed, even
// if it was first run for another one. In each of them it has the labels of that plan.
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

// What a plan needs of a run, read without its curves, results and labels.
struct FoundRun {
  std::string uuid, state, reason, created;
  // The keys plugins, numerics, data_fingerprint of its result, as the JSON text of a list in this
  // order; a key that the result lacks is null. Most runs of an experiment share this text.
  std::string made_with;
  // wall_seconds, train_seconds, steps and parameters of its result; 0 where it lacks one.
  double wall_seconds = 0, train_seconds = 0;
  int64_t steps = 0, parameters = 0;
  bool closed = false;  // its result has no test metrics
};

// The order of Store::listing. Runs without the value come last.
struct RunOrder {
  // Other fields: a column of RunRow as "state", or a metric of a part.
  std::string column =
      "created";       // uuid, experiment, seed, state, reason, created, finished, source
  std::string metric;  // such as "ndcg"; then `column` does not count
  std::string part = "test";
  int64_t k = 0;
  bool descending = true;
};

// A finished run whose test metrics are known.
struct TestedRun {
  std::string uuid;
  std::string at;  // UTC: when its test part was opened, otherwise when the run finished
};

class Store {
 public:
  enum class Mode {
    kReadOnly,
    kWrite,   // creates and migrates the file, and holds the lab's writer lock
    kMemory,  // a copy in memory, empty without an index; what is stored in it is lost with it
  };
  // Opens the lab's index (db/store/index_place.h). Waits at most `seconds` for another process, so
  // keep a store for writing only while there is something to write. Throws StoreError when the
  // lock is held (names host and pid), the schema is newer, no place for the index is known, the
  // file is not an index of this program, or (kReadOnly) it is absent.
  Store(const std::string& lab, Mode mode, double seconds = 30);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Which rows of the same run are replaced. With kEarlier, an earlier state does not replace the
  // rows of a run that has ended, and an older attempt does not replace those of a finished run. With
  // kAny, all rows are replaced: the folder was changed after the run had ended, and the folder is
  // the truth.
  enum class Over { kEarlier, kAny };

  // Stores a run with its results, curves and plugins in one transaction; the same call twice
  // changes nothing more. Every result is checked: finite, in [0, 1], a known metric, within the
  // bounds of core/eval/ranks.h. A violation throws StoreError that names the run and the row, and
  // nothing is written.
  void put(const RunRow& run, const std::vector<ResultRow>& results,
           const std::vector<CurvePoint>& curves, Over over = Over::kEarlier);

  struct Put {
    RunRecord record;
    Over over = Over::kEarlier;
  };
  // Stores many runs in one transaction, which is much faster than one for each. Readers may wait for
  // the whole of it, so the caller bounds the number of runs. A run that `put` would refuse is left out,
  // and the others are stored. Returns the reason for each run that was not stored, by its index in
  // `puts`. When the transaction itself fails, as on a full disk, each run gets one of its own. No run
  // is stored when another process holds the index.
  std::map<size_t, std::string> put_all(const std::vector<Put>& puts);

  // Stores a plan, and replaces an older one of that name.
  void put_experiment(const ExperimentRow& experiment);

  // Deletes runs and plans. Unknown names are ignored.
  void drop(const std::vector<std::string>& uuids, const std::vector<std::string>& plans);

  // All runs for "", by creation and uuid. For an experiment with a plan: all runs with a hash and
  // seed of the plan in grid order, then its imported runs. For an experiment without a plan: the
  // runs that were made for it. Several runs may share a hash and seed: core/run/counting.h decides
  // which one counts.
  std::vector<RunRow> runs(const std::string& experiment = "") const;
  std::optional<RunRow> run(const std::string& uuid_prefix) const;  // StoreError if ambiguous
  std::vector<ResultRow> results(const std::string& experiment = "") const;
  std::vector<CurvePoint> curve(const std::string& uuid, const std::string& metric) const;
  std::vector<std::string> experiments() const;
  std::optional<ExperimentRow> experiment(const std::string& name) const;
  std::map<std::string, std::string> states() const;  // uuid -> state; reads nothing more
  std::map<std::string, std::string> stamps() const;  // uuid -> RunRow::stamp, where one was put
  std::map<std::string, std::string> plans() const;   // name -> ExperimentRow::created

  // The runs with one of these hashes and seeds, each key once. `keys` may be long, and the index
  // large: each key is looked up, or the whole table is read once where that is cheaper. Calls
  // `visit` with the index of the key, in no order of the keys.
  using Key = std::pair<std::string, int64_t>;  // hash and seed
  void find(const std::vector<Key>& keys,
            const std::function<void(size_t, const FoundRun&)>& visit) const;
  // The runs that have read the test part of a split.
  std::vector<TestedRun> tested(const std::string& data_fingerprint,
                                const std::string& split_fingerprint) const;
  // The uuids of all runs.
  std::vector<std::string> uuids() const;
  // At most `most` finished runs of our own: those of the experiment, or of the lab for "". They
  // come in the order of their uuids, which are random, so a part of them is a fair sample. Only
  // uuid, spec and result are filled in.
  std::vector<RunRow> finished(const std::string& experiment, int64_t most) const;

  // The finished runs of our own that were not trained (`train` is null in their specs) and whose
  // results have these fingerprints, whichever experiment they were made for.
  std::vector<RunRow> untrained(const std::string& data_fingerprint,
                                const std::string& split_fingerprint) const;
  std::vector<ResultRow> results_of(const std::string& uuid) const;

  // For windows, which look at a few of many runs at a time:
  // The uuids of the runs that were made for an experiment, of all for "", in this order and by uuid
  // within it. Throws UsageError for an unknown column.
  std::vector<std::string> listing(const std::string& experiment, const RunOrder& order) const;
  // The runs with these uuids, in their order. Those that the index no longer has are left out.
  std::vector<RunRow> rows(const std::vector<std::string>& uuids) const;
  // Calls `visit` for each run of listing(), in no order, until it returns false.
  void visit(const std::string& experiment, const std::function<bool(RunRow&&)>& visit) const;
  // One metric of all runs by uuid.
  std::map<std::string, double> metric(const std::string& metric, const std::string& part,
                                       int64_t k) const;
  // All curves of a run, by metric and step.
  std::vector<CurvePoint> curves(const std::string& uuid) const;
  // For matrices of many runs, which cannot read the documents of each. Texts are valid during the call
  // alone; `labels` is a JSON object. Each visit ends when `visit` returns false.
  struct BriefRun {
    std::string_view uuid, experiment, hash, state, created, source, labels;
    int64_t seed = 0;
  };
  void visit_brief(const std::function<bool(const BriefRun&)>& visit) const;  // all, in no order
  struct BriefPlan {
    std::string_view hash, labels;
    int64_t seed = 0;
  };
  // The planned runs of an experiment, in grid order.
  void visit_plan(const std::string& experiment,
                  const std::function<bool(const BriefPlan&)>& visit) const;
  // The axes of its plan; empty without one.
  std::optional<std::vector<std::string>> plan_axes(const std::string& experiment) const;
  // One metric of all runs.
  void visit_metric(const std::string& metric, const std::string& part, int64_t k,
                    const std::function<bool(std::string_view uuid, double value)>& visit) const;
  // How many runs an experiment plans, or, without a plan, has; how many the lab has for "".
  int64_t size_of(const std::string& experiment) const;

  // The first run that was made for each experiment, by its name.
  std::map<std::string, std::string> examples() const;

  // A number that is another one after another connection has changed the index.
  int64_t version() const;
  // Makes the query that another thread runs in this store fail soon with StoreError. Any thread may
  // call it while the store exists.
  void interrupt() const;

  // Runs SQLite's own checks (integrity, foreign keys), and checks the metrics of every run against
  // their bounds. Returns one sentence for each problem.
  std::vector<std::string> problems() const;

  // A hash of all rows but the stamps. It does not depend on the order in which they were stored.
  std::string content_hash() const;
  void clear();  // deletes all rows, for `lealab db rebuild`

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The path of the lab's results index, which may be absent. Throws StoreError as index_place.
std::string index_file(const std::string& lab);

// Whether the lab has a results index.
bool has_index(const std::string& lab);

// Whether the lab's index lies outside the lab (db/store/index_place.h).
bool index_is_outside(const std::string& lab);

// If the lab's index is damaged or no database, renames it and returns the new path; otherwise
// returns "". A sound database is left alone, even if another program made it.
std::string set_damaged_aside(const std::string& lab);

}  // namespace lea::db
