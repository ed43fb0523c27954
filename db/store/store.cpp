#include "db/store/store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "db/store/index_place.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

constexpr const char* kLocked = "the results index";
constexpr double kLockSeconds = 30;
constexpr double kMakingSeconds = 2;  // how long a reader waits for an index that is being made
// The metrics of our own runs obey the bounds up to rounding.
constexpr double kSlack = 1e-9;

std::string rebuild_advice() {
  return " Move it away and run `lealab db rebuild`, which makes it again from the run folders.";
}

// Returns the schema version. Refuses a file that is neither empty nor marked with our application
// id, because it may be somebody's data.
int64_t checked_version(Connection& connection) {
  const int64_t application = connection.integer("PRAGMA application_id");
  const int64_t version = connection.integer("PRAGMA user_version");
  const bool empty = connection.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (application != kApplicationId && !(empty && application == 0 && version == 0)) {
    throw StoreError(connection.path() + ": not a results index of LEA Lab (application id " +
                     std::to_string(application) + ")." + rebuild_advice());
  }
  const auto newest = static_cast<int64_t>(schema_steps().size());
  if (version > newest) {
    throw StoreError(connection.path() + ": has schema version " + std::to_string(version) +
                     ", and this program knows versions up to " + std::to_string(newest) +
                     ". Use the newer program, or another lab (--lab DIR).");
  }
  return version;
}

void apply_settings(Connection& connection) {
  connection.execute(
      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
      "PRAGMA mmap_size=0;");
}

void migrate(Connection& connection) {
  const auto newest = static_cast<int64_t>(schema_steps().size());
  int64_t version = checked_version(connection);
  if (version == newest) return;
  const bool on_disk = !connection.text("SELECT file FROM pragma_database_list").empty();
  if (version > 0 && on_disk) {
    // Keep the older file as a backup, in case the older program is needed again.
    const std::string backup = connection.path() + ".v" + std::to_string(version);
    std::error_code ignored;
    std::filesystem::remove(backup, ignored);
    Statement copy(connection, "VACUUM INTO ?");
    copy.bind(backup).run();
  }
  Transaction transaction(connection);
  for (version = checked_version(connection); version < newest; ++version) {
    connection.execute(schema_steps()[static_cast<size_t>(version)]);
  }
  connection.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str());
  connection.execute(("PRAGMA user_version=" + std::to_string(newest)).c_str());
  transaction.commit();
}

std::unique_ptr<Connection> open_for_writing(const std::string& path, double seconds) {
  auto connection =
      std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, seconds);
  checked_version(*connection);
  apply_settings(*connection);
  connection->execute(wal_is_safe(sqlite3_libversion_number()) ? "PRAGMA journal_mode=WAL"
                                                               : "PRAGMA journal_mode=DELETE");
  connection->execute("PRAGMA synchronous=FULL");
  migrate(*connection);
  return connection;
}

// Whether a read-only connection failed because of a journal that a killed writer left. Only a
// connection for writing can roll it back.
bool needs_recovery(const Connection& connection) {
  const int code = connection.code();
  return code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY ||
         code == SQLITE_CANTOPEN || code == SQLITE_READONLY_CANTINIT;
}

// Another process may be making the file at this moment: until its first transaction has ended, the
// file has no schema.
void wait_for_schema(Connection& connection, double seconds) {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration<double>(std::min(seconds, kMakingSeconds));
  while (connection.integer("PRAGMA user_version") == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

std::unique_ptr<Connection> open_for_reading(const IndexPlace& place, double seconds) {
  const std::string path = place.file();
  if (!std::filesystem::exists(path)) {
    throw StoreError(path +
                     ": there are no results yet. `lealab run SPEC` makes them; if the lab has "
                     "run folders, `lealab db rebuild` makes the index from them.");
  }
  for (int attempt = 0;; ++attempt) {
    auto connection = std::make_unique<Connection>(path, SQLITE_OPEN_READONLY, seconds);
    try {
      wait_for_schema(*connection, seconds);
      const int64_t version = checked_version(*connection);
      if (version != static_cast<int64_t>(schema_steps().size())) {
        throw StoreError(path + ": has the older schema version " + std::to_string(version) +
                         ". Run `lealab db rebuild` once, which brings it up to date.");
      }
      apply_settings(*connection);
      return connection;
    } catch (const StoreError&) {
      if (!needs_recovery(*connection) || attempt > 0) throw;
      connection.reset();
      const FileLock lock(place.lock(), seconds, kLocked);
      open_for_writing(path, seconds);
    }
  }
}

// Makes the copy empty when the file cannot be read before a journal is rolled back.
std::unique_ptr<Connection> open_in_memory(const IndexPlace& place, double seconds) {
  auto memory =
      std::make_unique<Connection>(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, seconds);
  if (std::filesystem::exists(place.file())) {
    Connection index(place.file(), SQLITE_OPEN_READONLY, seconds);
    try {
      checked_version(index);
      memory->copy_from(index);
    } catch (const StoreError&) {
      if (!needs_recovery(index)) throw;
    }
  }
  apply_settings(*memory);
  migrate(*memory);
  return memory;
}

void make_folder(const IndexPlace& place) {
  std::error_code error;
  std::filesystem::create_directories(place.folder, error);
  if (!error) return;
  throw StoreError(place.folder + ": cannot make the folder of the results index: " +
                   error.message() + ". Set LEALAB_INDEX to a folder that can be written.");
}

[[noreturn]] void refuse(const RunRow& run, const std::string& row, std::string why) {
  if (why.ends_with('.')) why.pop_back();  // some reasons are whole sentences
  throw StoreError(
      "run " + run.uuid + ": " + row + " " + why +
      ". Nothing of this run was stored; its folder is damaged or comes from a faulty program.");
}

std::string row_name(const ResultRow& row) {
  return row.part + " " + row.metric + "@" + std::to_string(row.k);
}

void check_results(const RunRow& run, const std::vector<ResultRow>& results) {
  std::map<std::string, std::map<std::string, double>> parts;
  for (const ResultRow& row : results) {
    const std::string name = row.metric + "@" + std::to_string(row.k);
    if (row.uuid != run.uuid) refuse(run, row_name(row), "belongs to run " + row.uuid);
    if (row.part != "valid" && row.part != "test")
      refuse(run, row_name(row), "is of an unknown part");
    try {
      eval::parse_metric(name);
    } catch (const Error& error) {
      refuse(run, row_name(row), std::string("is no known metric: ") + error.what());
    }
    if (!std::isfinite(row.value) || row.value < 0 || row.value > 1) {
      refuse(run, row_name(row), "is " + std::to_string(row.value) + ", not in [0, 1]");
    }
    if (!parts[row.part].emplace(name, row.value).second)
      refuse(run, row_name(row), "is given twice");
  }
  for (const auto& [part, metrics] : parts) {
    for (const std::string& broken : eval::broken_bounds(metrics, kSlack)) {
      refuse(run, part + " metrics", "break a bound: " + broken);
    }
  }
}

bool has_ended(const std::string& state) {
  return state == "finished" || state == "failed" || state == "cancelled";
}

int64_t attempt_of(const RunRow& run) {
  const auto found = run.result.is_object() ? run.result.find("attempt") : run.result.end();
  if (!run.result.is_object() || found == run.result.end() || !found->is_number_integer()) return 0;
  return found->get<int64_t>();
}

}  // namespace

Store::Store(const std::string& lab, Mode mode, double seconds) : impl_(std::make_unique<Impl>()) {
  const IndexPlace place = index_place(lab);
  switch (mode) {
    case Mode::kReadOnly:
      impl_->connection = open_for_reading(place, seconds);
      break;
    case Mode::kWrite:
      if (place.outside) make_folder(place);
      impl_->lock.emplace(place.lock(), seconds, kLocked);
      impl_->connection = open_for_writing(place.file(), seconds);
      break;
    case Mode::kMemory:
      impl_->connection = open_in_memory(place, seconds);
  }
}

Store::~Store() = default;

void Store::put(const RunRow& run, const std::vector<ResultRow>& results,
                const std::vector<CurvePoint>& curves, Over over) {
  check_results(run, results);
  for (const CurvePoint& point : curves) {
    if (!std::isfinite(point.value)) {
      refuse(run, "curve " + point.metric + " at step " + std::to_string(point.step),
             "is not finite");
    }
  }
  Connection& connection = *impl_->connection;
  Transaction transaction(connection);
  if (over == Over::kEarlier) {
    Statement old(connection, "SELECT state, attempt FROM run WHERE uuid = ?");
    old.bind(run.uuid);
    if (old.step()) {
      const std::string state = old.text(0);
      if (has_ended(state) && !has_ended(run.state)) return;
      if (state == "finished" && (run.state != state || attempt_of(run) < old.integer(1))) return;
    }
  }
  Statement(connection, "DELETE FROM run WHERE uuid = ?").bind(run.uuid).run();
  Statement(connection, "INSERT INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(run.uuid)
      .bind(run.experiment)
      .bind(run.run_hash)
      .bind(run.seed)
      .bind(run.state)
      .bind(run.reason)
      .bind(run.created)
      .bind(run.finished)
      .bind(run.source)
      .bind(nlohmann::json(run.labels).dump())
      .bind(nlohmann::json(run.axes).dump())
      .bind(run.spec.dump())
      .bind(run.result.dump())
      .bind(attempt_of(run))
      .run();
  Statement result(connection, "INSERT INTO result VALUES (?,?,?,?,?)");
  for (const ResultRow& row : results) {
    result.bind(row.uuid).bind(row.metric).bind(row.k).bind(row.part).bind(row.value).run();
  }
  // A resumed run may have written a step twice. The later record counts.
  Statement curve(connection, "INSERT OR REPLACE INTO curve VALUES (?,?,?,?)");
  for (const CurvePoint& point : curves) {
    curve.bind(run.uuid).bind(point.metric).bind(point.step).bind(point.value).run();
  }
  put_plugins(connection, run);
  if (!run.stamp.empty()) {
    Statement(connection, "INSERT INTO seen VALUES (?,?)").bind(run.uuid).bind(run.stamp).run();
  }
  transaction.commit();
}

void Store::put_experiment(const ExperimentRow& experiment) {
  Connection& connection = *impl_->connection;
  Transaction transaction(connection);
  Statement(connection, "DELETE FROM experiment WHERE name = ?").bind(experiment.name).run();
  Statement(connection, "INSERT INTO experiment VALUES (?,?,?,?)")
      .bind(experiment.name)
      .bind(experiment.created)
      .bind(nlohmann::json(experiment.axes).dump())
      .bind(experiment.spec.dump())
      .run();
  Statement cell(connection, "INSERT INTO cell VALUES (?,?,?,?,?)");
  int64_t position = 0;
  for (const ExperimentRow::Run& planned : experiment.runs) {
    cell.bind(experiment.name)
        .bind(position++)
        .bind(planned.hash)
        .bind(planned.seed)
        .bind(nlohmann::json(planned.labels).dump())
        .run();
  }
  transaction.commit();
}

void Store::drop(const std::vector<std::string>& uuids, const std::vector<std::string>& plans) {
  Transaction transaction(*impl_->connection);
  Statement run(*impl_->connection, "DELETE FROM run WHERE uuid = ?");
  for (const std::string& uuid : uuids) run.bind(uuid).run();
  Statement plan(*impl_->connection, "DELETE FROM experiment WHERE name = ?");
  for (const std::string& name : plans) plan.bind(name).run();
  transaction.commit();
}

void Store::clear() {
  Transaction transaction(*impl_->connection);
  impl_->connection->execute("DELETE FROM run; DELETE FROM experiment;");
  transaction.commit();
}

std::string index_file(const std::string& lab) { return index_place(lab).file(); }
bool has_index(const std::string& lab) { return std::filesystem::exists(index_file(lab)); }
bool index_is_outside(const std::string& lab) { return index_place(lab).outside; }

std::string set_damaged_aside(const std::string& lab) {
  const IndexPlace place = index_place(lab);
  const std::string path = place.file();
  if (!std::filesystem::exists(path)) return "";
  const FileLock lock(place.lock(), kLockSeconds, kLocked);
  {
    Connection connection(path, SQLITE_OPEN_READWRITE);
    try {
      if (connection.text("PRAGMA integrity_check(1)") == "ok") return "";
    } catch (const StoreError&) {
      const int code = connection.code() & 0xff;
      if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT) throw;
    }
  }
  std::string aside;
  for (int number = 1; aside.empty() || std::filesystem::exists(aside); ++number) {
    aside = path + ".damaged-" + std::to_string(number);
  }
  std::filesystem::rename(path, aside);
  for (const char* suffix : {"-journal", "-wal", "-shm"}) {
    std::error_code none;
    std::filesystem::rename(path + suffix, aside + suffix, none);
  }
  return aside;
}

}  // namespace lea::db
