// The queries of windows, which look at a few of many runs at a time.
#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

const std::vector<std::string> kOrders = {"uuid",   "experiment", "seed",     "state",
                                          "reason", "created",    "finished", "source"};

// "ORDER BY" takes no parameters, so only known columns reach it.
std::string order_by(const RunOrder& order) {
  const std::string direction = order.descending ? " DESC" : "";
  if (!order.metric.empty()) return " ORDER BY value IS NULL, value" + direction + ", run.uuid";
  if (std::find(kOrders.begin(), kOrders.end(), order.column) == kOrders.end()) {
    throw UsageError("runs cannot be sorted by " + in_backticks(order.column) +
                     did_you_mean(order.column, kOrders));
  }
  return " ORDER BY run." + order.column + " = '', run." + order.column + direction + ", run.uuid";
}

}  // namespace

std::vector<std::string> Store::listing(const std::string& experiment,
                                        const RunOrder& order) const {
  std::string sql = "SELECT run.uuid FROM run";
  if (!order.metric.empty()) {
    sql +=
        " LEFT JOIN result ON result.uuid = run.uuid AND result.metric = ?2 AND result.k = ?3"
        " AND result.part = ?4";
  }
  sql += experiment.empty() ? " WHERE ?1 = ''" : " WHERE run.experiment = ?1";
  sql += order_by(order);
  Statement query(*impl_->connection, sql.c_str());
  query.bind(experiment);
  if (!order.metric.empty()) query.bind(order.metric).bind(order.k).bind(order.part);
  std::vector<std::string> uuids;
  while (query.step()) uuids.push_back(query.text(0));
  return uuids;
}

std::vector<RunRow> Store::rows(const std::vector<std::string>& uuids) const {
  const std::string sql = std::string("SELECT ") + kRunColumns + " FROM run WHERE uuid = ?";
  Statement query(*impl_->connection, sql.c_str());
  std::vector<RunRow> rows;
  for (const std::string& uuid : uuids) {
    query.bind(uuid);
    if (query.step()) rows.push_back(run_of(query));
    query.reset();
  }
  return rows;
}

void Store::visit(const std::string& experiment, const std::function<bool(RunRow&&)>& visit) const {
  const std::string sql = std::string("SELECT ") + kRunColumns + " FROM run" +
                          (experiment.empty() ? " WHERE ?1 = ''" : " WHERE run.experiment = ?1");
  Statement query(*impl_->connection, sql.c_str());
  query.bind(experiment);
  while (query.step()) {
    if (!visit(run_of(query))) return;
  }
}

std::map<std::string, double> Store::metric(const std::string& metric, const std::string& part,
                                            int64_t k) const {
  Statement query(*impl_->connection,
                  "SELECT uuid, value FROM result WHERE metric = ? AND k = ? AND part = ?");
  query.bind(metric).bind(k).bind(part);
  std::map<std::string, double> values;
  while (query.step()) values.emplace(query.text(0), query.real(1));
  return values;
}

std::vector<CurvePoint> Store::curves(const std::string& uuid) const {
  Statement query(*impl_->connection,
                  "SELECT metric, step, value FROM curve WHERE uuid = ? ORDER BY metric, step");
  query.bind(uuid);
  std::vector<CurvePoint> points;
  while (query.step()) points.push_back({query.text(0), query.integer(1), query.real(2)});
  return points;
}

std::map<std::string, std::string> Store::examples() const {
  Statement query(*impl_->connection, "SELECT experiment, min(uuid) FROM run GROUP BY experiment");
  std::map<std::string, std::string> examples;
  while (query.step()) examples.emplace(query.text(0), query.text(1));
  return examples;
}

int64_t Store::version() const { return impl_->connection->integer("PRAGMA data_version"); }

void Store::interrupt() const { sqlite3_interrupt(impl_->connection->handle()); }

}  // namespace lea::db
