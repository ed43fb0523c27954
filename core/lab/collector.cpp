#include "core/lab/collector.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <set>
#include <thread>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/links.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/lab/curve_points.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kMetricSlack = 1e-9;

using Metrics = std::map<std::string, double>;

// The stated metrics must be exactly those that the ranks give.
void verify_metrics(const Metrics& stated, const Metrics& recomputed, const std::string& where,
                    const std::string& file) {
  for (const auto& [name, value] : recomputed) {
    const auto found = stated.find(name);
    if (found == stated.end() || std::abs(found->second - value) > kMetricSlack) {
      throw DataError(where + ": " + name + ": must be " + std::to_string(value) +
                      ", which follows from " + file + ". The run's folder is damaged.");
    }
  }
  for (const auto& [name, value] : stated) {
    if (recomputed.contains(name)) continue;
    throw DataError(where + ": " + printable(name) + ": does not follow from " + file +
                    "; the run's cuts give other metrics. The run's folder is damaged.");
  }
}

// One of the two files of ranks, with the hash and the metrics in result.json.
struct StatedRanks {
  const char* part;
  const char* file;
  const char* hash_key;
  const std::string& hash;
  const Metrics& metrics;
};

// Returns the ranks.
eval::RankFile verify_ranks(const run::Folder& run, const run::Result& result,
                            const StatedRanks& stated, const eval::Protocol& protocol) {
  const std::string path = run.file(stated.file), where = run.file(run::kResultFile);
  const std::string bytes = read_file(path);
  if (sha256(bytes) != stated.hash) {
    throw DataError(path + ": is not the file that result.json names (" + stated.hash_key +
                    "). The run's folder is damaged; restore it from a copy.");
  }
  eval::RankFile ranks = eval::decode_ranks(bytes, path);
  const auto same = [&](const char* key, const std::string& states, const std::string& ranked) {
    if (states == ranked) return;
    throw DataError(where + ": " + key + ": is not that of " + stated.file +
                    ". The run's folder is damaged; restore it from a copy.");
  };
  same("data_fingerprint", result.data_fingerprint, ranks.data_fingerprint);
  same("split_fingerprint", result.split_fingerprint, ranks.split_fingerprint);
  verify_metrics(stated.metrics, eval::metrics(ranks.records, protocol),
                 where + ": metrics: " + stated.part, stated.file);
  return ranks;
}

// The top items must be those of the events in ranks.bin. Older results state none.
void verify_top(const run::Folder& run, const run::Result& result, const eval::RankFile& ranks) {
  if (result.top_sha256.empty()) return;
  const std::string path = run.file(run::kTopFile);
  const std::string bytes = read_file(path);
  const auto damaged = [&](const std::string& what) {
    return DataError(path + ": " + what + ". The run's folder is damaged; restore it from a copy.");
  };
  if (sha256(bytes) != result.top_sha256)
    throw damaged("is not the file that result.json names (top_sha256)");
  const eval::TopFile top = eval::decode_top(bytes, path);
  if (top.data_fingerprint != ranks.data_fingerprint ||
      top.split_fingerprint != ranks.split_fingerprint || top.items != ranks.items ||
      top.events() != ranks.records.size())
    throw damaged("does not have the data set, the split and the events of ranks.bin");
}

// The two files that are written before the first attempt must be of one run. The hash of imported
// ranks is that of their content.
void verify_header(const run::Folder& run, const run::Header& header, const spec::RunSpec& spec) {
  const std::string where = run.file(run::kHeaderFile);
  if (header.source != "lealab" && header.source != "imported") {
    throw DataError(where + ": source: must be lealab or imported, but is " +
                    in_backticks(header.source) + ". The run's folder is damaged.");
  }
  if (header.seed != spec.seed)
    throw DataError(where + ": seed: is not that of run.yaml. The run's folder is damaged.");
  if (header.source == "lealab" && spec::run_hash(spec) != header.hash)
    throw DataError(where + ": hash: does not belong to run.yaml. The run's folder is damaged.");
}

void verify_finished(const run::Folder& run, const run::Result& result,
                     const spec::EvaluateSection& evaluate) {
  const eval::Protocol protocol = eval::protocol_of(evaluate);
  if (!result.closed()) {
    const eval::RankFile ranks = verify_ranks(
        run, result, {"test", run::kRanksFile, "ranks_sha256", result.ranks_sha256, result.test},
        protocol);
    verify_top(run, result, ranks);
  } else if (!result.ranks_sha256.empty() || !result.top_sha256.empty() || result.valid.empty()) {
    throw DataError(
        run.file(run::kResultFile) +
        ": metrics: test: is missing. Only a run that states no ranks of the test part, "
        "and has validation metrics, may lack it. The run's folder is damaged.");
  }
  // A run without validation events has no such metrics and ranks. A pack may leave the ranks out.
  const bool stated = !result.valid.empty() || !result.ranks_valid_sha256.empty();
  if (!stated || !has_name(run.file(run::kValidRanksFile))) return;
  verify_ranks(run, result,
               {"valid", run::kValidRanksFile, "ranks_valid_sha256", result.ranks_valid_sha256,
                result.valid},
               protocol);
}

std::vector<db::ResultRow> results_of(const std::string& uuid, const run::Result& result) {
  std::vector<db::ResultRow> rows;
  for (const auto& [part, values] : {std::pair{"valid", &result.valid}, {"test", &result.test}}) {
    for (const auto& [name, value] : *values) {
      const auto [metric, k] = eval::parse_metric(name);
      rows.push_back({uuid, metric, part, k, value});
    }
  }
  return rows;
}

// A worker that is killed leaves no more than a last line that is cut, so other damage in the
// folder of a `finished` run is one. While a run is open, the file may be cut and written again as
// it is read.
std::vector<db::CurvePoint> curves_of(const run::Folder& run, bool finished) {
  const std::string path = run.file(run::kEventsFile);
  std::vector<db::CurvePoint> points;
  for (const nlohmann::json& record : finished ? read_whole_records(path) : read_records(path)) {
    const std::vector<db::CurvePoint> more = curve_points(record, path);
    points.insert(points.end(), more.begin(), more.end());
  }
  return points;
}

db::ExperimentRow row_of(run::ExperimentPlan plan) {
  db::ExperimentRow row{plan.name, plan.created, plan.axes, plan.spec, {}};
  for (run::ExperimentPlan::Run& run : plan.runs) {
    row.runs.push_back({std::move(run.hash), run.seed, std::move(run.labels)});
  }
  return row;
}

// A run that must be read.
struct ChangedRun {
  run::Folder folder;
  bool indexed = false;    // the index has a row of it
  bool had_ended = false;  // which has a final state; its files look otherwise now
};

// What the index lacks.
struct Changes {
  std::vector<std::string> plans;  // files
  std::vector<ChangedRun> runs;
  std::vector<std::string> gone_runs;   // uuids in the index
  std::vector<std::string> gone_plans;  // names in the index
  int64_t unchanged = 0;

  bool empty() const {
    return plans.empty() && runs.empty() && gone_runs.empty() && gone_plans.empty();
  }
};

enum class Live { kAll, kOfAnotherState };  // which runs count as changed before they end

bool has_state(const run::Folder& run, run::State state) {
  try {
    return as_error(run.path, [&] { return run::state_of(run) == state; });
  } catch (const Error&) {
    return false;  // collecting reports the damage
  }
}

void find_changed_plans(const db::Store& store, const std::string& lab, bool outside,
                        Changes* changes) {
  auto dates = store.plans();
  for (const std::string& file : run::plan_files(lab)) {
    const auto known = dates.find(fs::path(file).stem().string());
    if (known == dates.end() || run::plan_date(file) != known->second) {
      changes->plans.push_back(file);
    }
    if (known != dates.end()) dates.erase(known);
  }
  // The index in a lab keeps what it has. Outside, it may be of an earlier lab at this path.
  if (!outside) return;
  for (const auto& [name, date] : dates) changes->gone_plans.push_back(name);
}

Changes find_changes(const db::Store& store, const std::string& lab, Live live) {
  Changes changes;
  const bool outside = db::index_is_outside(lab);
  find_changed_plans(store, lab, outside, &changes);
  auto states = store.states();
  const auto stamps = store.stamps();
  // A run that has ended never changes again, unless its test part is opened or a file is damaged.
  const auto looks_the_same = [&](const run::Folder& run) {
    const auto stamp = stamps.find(run.uuid());
    return stamp != stamps.end() && stamp->second == run::files_stamp(run);
  };
  for (const run::Folder& run : run::list_runs(lab)) {
    const auto known = states.find(run.uuid());
    const auto state = known == states.end() ? std::nullopt : run::state_from(known->second);
    const bool indexed = known != states.end(), ended = state && run::is_final(*state);
    if (indexed) states.erase(known);
    const bool same = ended ? looks_the_same(run)
                            : state && live == Live::kOfAnotherState && has_state(run, *state);
    if (same) {
      ++changes.unchanged;
    } else {
      changes.runs.push_back({run, indexed, ended});
    }
  }
  for (const auto& [uuid, text] : states) {
    const auto state = run::state_from(text);
    if (outside || (state && !run::is_final(*state))) changes.gone_runs.push_back(uuid);
  }
  return changes;
}

// The index, opened for writing. Gives other processes a turn now and then.
class Turns {
 public:
  Turns(const std::string& lab, double seconds) : lab_(lab), seconds_(seconds) {}

  db::Store& store() {
    constexpr auto kTurn = std::chrono::milliseconds(500), kPause = std::chrono::milliseconds(20);
    const auto now = std::chrono::steady_clock::now();
    if (store_ && now - since_ < kTurn) return *store_;
    if (store_) {
      store_.reset();
      std::this_thread::sleep_for(kPause);  // longer than a waiting process sleeps
    }
    store_ = std::make_unique<db::Store>(lab_, db::Store::Mode::kWrite, seconds_);
    since_ = std::chrono::steady_clock::now();
    return *store_;
  }

 private:
  const std::string lab_;
  const double seconds_;
  std::unique_ptr<db::Store> store_;
  std::chrono::steady_clock::time_point since_;
};

// Collects into the store that `store_of` returns, which may be another one after each call.
template <class StoreOf>
Collected collect_into(const StoreOf& store_of, const std::string& lab, Live live) {
  const Changes changes = find_changes(store_of(), lab, live);
  Collected collected;
  collected.unchanged = changes.unchanged;
  // Returns false when the folder or the plan is there and cannot be read.
  const auto guarded = [&](const std::string& path, const auto& read, const auto& write) {
    db::Store& store = store_of();
    try {
      const auto record = as_error(path, read);
      try {
        write(store, record);
      } catch (const Error& error) {
        collected.unwritten |= error.code() == Exit::kEnvironment;
        collected.refused.emplace_back(error.what());
      }
    } catch (const Error& error) {
      if (!has_name(path)) return true;  // somebody has removed it meanwhile
      collected.refused.emplace_back(error.what());
      return false;
    }
    return true;
  };
  for (const std::string& file : changes.plans) {
    guarded(
        file, [&] { return row_of(run::read_plan(file)); },
        [](db::Store& store, const db::ExperimentRow& plan) { store.put_experiment(plan); });
  }
  for (const ChangedRun& run : changes.runs) {
    const auto over = run.had_ended ? db::Store::Over::kAny : db::Store::Over::kEarlier;
    const bool sound = guarded(
        run.folder.path, [&] { return read_run(run.folder); },
        [&](db::Store& store, const RunRecord& record) {
          store.put(record.run, record.results, record.curves, over);
          ++collected.runs;
        });
    // The rows are of files that are damaged since. The next call names the run again.
    if (!sound && run.indexed) store_of().drop({run.folder.uuid()}, {});
  }
  if (!changes.gone_runs.empty() || !changes.gone_plans.empty()) {
    store_of().drop(changes.gone_runs, changes.gone_plans);
  }
  return collected;
}

constexpr double kReaderSeconds = 2;  // how long a command that reads waits for a writer

// The index as it is. Null when there is something to collect, or the index cannot be read so.
std::unique_ptr<db::Store> unchanged_index(const std::string& lab) {
  if (!db::has_index(lab)) return nullptr;
  try {
    auto store = std::make_unique<db::Store>(lab, db::Store::Mode::kReadOnly, kReaderSeconds);
    if (find_changes(*store, lab, Live::kOfAnotherState).empty()) return store;
  } catch (const StoreError&) {
    // Opening for writing brings an older schema up to date and undoes what a killed writer left.
  }
  return nullptr;
}

bool has_something(const std::string& lab) {
  return db::has_index(lab) || !run::plan_files(lab).empty() || !run::list_runs(lab).empty();
}

}  // namespace

RunRecord read_run(const run::Folder& run) {
  RunRecord record;
  record.run.stamp = run::files_stamp(run);  // before they are read: a later change is noticed
  run::require_plain_files(run);
  const run::Header header = run::read_header(run);
  const spec::RunSpec spec = spec::load_run(run.file(run::kSpecFile));
  verify_header(run, header, spec);
  record.run.uuid = header.uuid;
  record.run.experiment = header.experiment;
  record.run.run_hash = header.hash;
  record.run.seed = header.seed;
  record.run.created = header.created;
  record.run.labels = header.labels;
  record.run.axes = header.axes;
  record.run.source = header.source;
  record.run.spec = spec::to_json(spec);
  record.run.state = run::to_string(run::state_of(run));
  const std::string path = run.file(run::kResultFile);
  if (const auto document = run::read_result_document(run)) {
    const run::Result result = run::result_from(*document, path);
    record.run.result = *document;
    record.run.state = run::to_string(result.state);  // the run may have ended after state_of
    record.run.reason = result.reason;
    record.run.finished = result.finished_at;
    record.results = results_of(header.uuid, result);
    if (result.state == run::State::kFinished) verify_finished(run, result, spec.evaluate);
  }
  record.curves = curves_of(run, record.run.state == run::to_string(run::State::kFinished));
  return record;
}

void collect_run(db::Store& store, const run::Folder& run) {
  const RunRecord record = read_run(run);
  store.put(record.run, record.results, record.curves);
}

Collected collect(const std::string& lab) {
  constexpr double kWriterSeconds = 30;
  Turns turns(lab, kWriterSeconds);
  return collect_into([&]() -> db::Store& { return turns.store(); }, lab, Live::kAll);
}

CurrentIndex current_index(const std::string& lab) {
  if (auto store = unchanged_index(lab)) return {std::move(store), {}};
  if (has_something(lab)) {
    try {
      Turns turns(lab, kReaderSeconds);
      Collected collected =
          collect_into([&]() -> db::Store& { return turns.store(); }, lab, Live::kOfAnotherState);
      if (!collected.unwritten) {
        return {std::make_unique<db::Store>(lab, db::Store::Mode::kReadOnly, kReaderSeconds),
                std::move(collected.refused)};
      }
    } catch (const StoreError&) {
      // Opening the copy reports what is more than a lack of permission, space or time.
    }
  }
  auto store = std::make_unique<db::Store>(lab, db::Store::Mode::kMemory, kReaderSeconds);
  Collected collected =
      collect_into([&]() -> db::Store& { return *store; }, lab, Live::kOfAnotherState);
  return {std::move(store), std::move(collected.refused)};
}

Collected rebuild(const std::string& lab, std::string* set_aside) {
  *set_aside = db::set_damaged_aside(lab);
  db::Store(lab, db::Store::Mode::kWrite).clear();
  return collect(lab);
}

}  // namespace lea::lab
