// What the store writes: runs and plans.
#include <cmath>

#include "core/base/error.h"
#include "core/eval/ranks.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

// The metrics of our own runs obey the bounds up to rounding.
constexpr double kSlack = 1e-9;

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

std::string text_of(const nlohmann::json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

void put_plugins(Connection& connection, const RunRow& run) {
  if (!run.result.is_object()) return;
  const auto plugins = run.result.find("plugins");
  if (plugins == run.result.end() || !plugins->is_array()) return;
  Statement insert(connection, "INSERT OR REPLACE INTO plugin VALUES (?,?,?,?)");
  for (const auto& plugin : *plugins) {
    if (!plugin.is_object()) continue;
    insert.bind(run.uuid)
        .bind(text_of(plugin, "id"))
        .bind(text_of(plugin, "version"))
        .bind(text_of(plugin, "sha256"))
        .run();
  }
}

void check(const RunRow& run, const std::vector<ResultRow>& results,
           const std::vector<CurvePoint>& curves) {
  check_results(run, results);
  for (const CurvePoint& point : curves) {
    if (!std::isfinite(point.value)) {
      refuse(run, "curve " + point.metric + " at step " + std::to_string(point.step),
             "is not finite");
    }
  }
}

// Whether the index has a row of the run that must stay.
bool has_later(Connection& connection, const RunRow& run) {
  Statement old(connection, "SELECT state, attempt FROM run WHERE uuid = ?");
  old.bind(run.uuid);
  if (!old.step()) return false;
  const std::string state = old.text(0);
  if (has_ended(state) && !has_ended(run.state)) return true;
  return state == "finished" && (run.state != state || attempt_of(run) < old.integer(1));
}

// Writes the rows of a run that was checked. The caller has begun a transaction.
void write(Connection& connection, const RunRow& run, const std::vector<ResultRow>& results,
           const std::vector<CurvePoint>& curves, Store::Over over) {
  if (over == Store::Over::kEarlier && has_later(connection, run)) return;
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
}

// Adds the reason for each run that is left out. Throws StoreError when nothing was stored.
void put_together(Connection& connection, const std::vector<Store::Put>& puts,
                  std::map<size_t, std::string>* refused) {
  Transaction transaction(connection);
  for (size_t i = 0; i < puts.size(); ++i) {
    const auto& [run, results, curves] = puts[i].record;
    try {
      check(run, results, curves);
      Savepoint savepoint(connection);
      write(connection, run, results, curves, puts[i].over);
      savepoint.release();
    } catch (const BusyError&) {
      throw;
    } catch (const StoreError& error) {
      // After some failures, as on a full disk, SQLite has undone the whole transaction.
      if (!connection.in_transaction()) throw;
      (*refused)[i] = error.what();
    }
  }
  transaction.commit();
}

}  // namespace

void Store::put(const RunRow& run, const std::vector<ResultRow>& results,
                const std::vector<CurvePoint>& curves, Over over) {
  check(run, results, curves);
  Transaction transaction(*impl_->connection);
  write(*impl_->connection, run, results, curves, over);
  transaction.commit();
}

std::map<size_t, std::string> Store::put_all(const std::vector<Put>& puts) {
  std::map<size_t, std::string> refused;
  try {
    put_together(*impl_->connection, puts, &refused);
  } catch (const BusyError& error) {
    for (size_t i = 0; i < puts.size(); ++i) refused.try_emplace(i, error.what());
  } catch (const StoreError&) {
    refused.clear();
    for (size_t i = 0; i < puts.size(); ++i) {
      const auto& [run, results, curves] = puts[i].record;
      try {
        put(run, results, curves, puts[i].over);
      } catch (const StoreError& error) {
        refused[i] = error.what();
      }
    }
  }
  return refused;
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

}  // namespace lea::db
