#include "core/lab/collector.h"

#include <chrono>
#include <filesystem>
#include <functional>
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

using Clock = std::chrono::steady_clock;
// Runs are read for so long, and at most so many, before they are stored in one transaction. This
// bounds how long others wait, what is done again after a kill, and the memory.
constexpr auto kReading = std::chrono::milliseconds(300);
constexpr size_t kRunsTogether = 500;

// The index, opened for writing. Gives other processes a turn now and then.
class Turns {
 public:
  Turns(const std::string& lab, double seconds) : lab_(lab), seconds_(seconds) {}

  db::Store& store() {
    constexpr auto kTurn = std::chrono::milliseconds(500), kPause = std::chrono::milliseconds(20);
    if (store_ && Clock::now() - since_ < kTurn) return *store_;
    if (store_) {
      store_.reset();
      std::this_thread::sleep_for(kPause);  // longer than a waiting process sleeps
    }
    store_ = std::make_unique<db::Store>(lab_, db::Store::Mode::kWrite, seconds_);
    since_ = Clock::now();
    return *store_;
  }

 private:
  const std::string lab_;
  const double seconds_;
  std::unique_ptr<db::Store> store_;
  Clock::time_point since_;
};

// Collects into the store that `store_of` returns, which may be another one after each call.
class Collecting {
 public:
  Collecting(std::function<db::Store&()> store_of, const std::string& lab, Live live)
      : store_of_(std::move(store_of)), changes_(find_changes(store_of_(), lab, live)) {
    collected_.unchanged = changes_.unchanged;
  }

  Collected run() {
    for (const std::string& file : changes_.plans) put_plan(file);
    for (size_t next = 0; next < changes_.runs.size();) next = put_runs(next);
    if (!changes_.gone_runs.empty() || !changes_.gone_plans.empty())
      store_of_().drop(changes_.gone_runs, changes_.gone_plans);
    return std::move(collected_);
  }

 private:
  // Returns what `read` returns. Without a value, the file or folder is damaged, or somebody has
  // removed it meanwhile.
  template <class Read>
  auto readable(const std::string& path, const Read& read) -> std::optional<decltype(read())> {
    try {
      return as_error(path, read);
    } catch (const Error& error) {
      if (has_name(path)) collected_.refused.emplace_back(error.what());
      return std::nullopt;
    }
  }

  void put_plan(const std::string& file) {
    db::Store& store = store_of_();
    const auto plan = readable(file, [&] { return row_of(run::read_plan(file)); });
    if (!plan) return;
    try {
      store.put_experiment(*plan);
    } catch (const StoreError& error) {
      collected_.unwritten = true;
      collected_.refused.emplace_back(error.what());
    }
  }

  // Reads the next runs, at least one, and stores them together. Returns the first that is left.
  size_t put_runs(size_t next) {
    db::Store& store = store_of_();
    const auto end = Clock::now() + kReading;
    std::vector<db::Store::Put> puts;
    std::vector<std::string> damaged;
    do {
      const ChangedRun& run = changes_.runs[next++];
      const auto over = run.had_ended ? db::Store::Over::kAny : db::Store::Over::kEarlier;
      auto record = readable(run.folder.path, [&] { return read_run(run.folder); });
      if (record) {
        puts.push_back({*std::move(record), over});
      } else if (run.indexed && has_name(run.folder.path)) {
        // Its rows are of files that are damaged since. The next call names the run again.
        damaged.push_back(run.folder.uuid());
      }
    } while (next < changes_.runs.size() && puts.size() < kRunsTogether && Clock::now() < end);
    const auto refused = store.put_all(puts);
    collected_.runs += std::ssize(puts) - std::ssize(refused);
    collected_.unwritten |= !refused.empty();
    for (const auto& [index, reason] : refused) collected_.refused.push_back(reason);
    if (!damaged.empty()) store.drop(damaged, {});
    return next;
  }

  const std::function<db::Store&()> store_of_;
  const Changes changes_;
  Collected collected_;
};

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
  return Collecting([&]() -> db::Store& { return turns.store(); }, lab, Live::kAll).run();
}

CurrentIndex current_index(const std::string& lab) {
  if (auto store = unchanged_index(lab)) return {std::move(store), {}};
  if (has_something(lab)) {
    try {
      Turns turns(lab, kReaderSeconds);
      Collected collected =
          Collecting([&]() -> db::Store& { return turns.store(); }, lab, Live::kOfAnotherState)
              .run();
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
      Collecting([&]() -> db::Store& { return *store; }, lab, Live::kOfAnotherState).run();
  return {std::move(store), std::move(collected.refused)};
}

Collected rebuild(const std::string& lab, std::string* set_aside) {
  *set_aside = db::set_damaged_aside(lab);
  db::Store(lab, db::Store::Mode::kWrite).clear();
  return collect(lab);
}

}  // namespace lea::lab
