#include "core/lab/collector.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/links.h"
#include "core/run/experiment_plan.h"
#include "core/run/plain_files.h"
#include "core/run/state.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

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
