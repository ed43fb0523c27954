// The queries of the store.
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

nlohmann::json parsed(const Statement& row, int column) {
  auto document = nlohmann::json::parse(row.text(column), nullptr, /*allow_exceptions=*/false);
  return document.is_discarded() ? nlohmann::json() : document;
}

std::map<std::string, std::string> text_map(const nlohmann::json& document) {
  std::map<std::string, std::string> map;
  if (!document.is_object()) return map;
  for (const auto& [key, value] : document.items()) {
    if (value.is_string()) map[key] = value.get_ref<const std::string&>();
  }
  return map;
}

std::vector<std::string> text_list(const nlohmann::json& document) {
  std::vector<std::string> list;
  if (!document.is_array()) return list;
  for (const auto& value : document) {
    if (value.is_string()) list.push_back(value.get_ref<const std::string&>());
  }
  return list;
}

}  // namespace

RunRow run_of(const Statement& row) {
  RunRow run;
  run.uuid = row.text(0);
  run.experiment = row.text(1);
  run.run_hash = row.text(2);
  run.seed = row.integer(3);
  run.state = row.text(4);
  run.reason = row.text(5);
  run.created = row.text(6);
  run.finished = row.text(7);
  run.source = row.text(8);
  run.labels = text_map(parsed(row, 9));
  run.axes = text_list(parsed(row, 10));
  run.spec = parsed(row, 11);
  run.result = parsed(row, 12);
  return run;
}

namespace {

ResultRow result_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.integer(3), row.real(4)};
}

// Selects the runs of experiment ?1: the runs that its plan names, then its imported runs; without
// a plan, the runs that were made for it. The table `cell` and the column `cell_hash` mean runs,
// because their names are older than the words of today.
constexpr const char* kMembers =
    "WITH member(uuid, position, labels, axes) AS ("
    " SELECT run.uuid, cell.position, cell.labels, experiment.axes FROM cell"
    "  JOIN experiment ON experiment.name = cell.experiment"
    "  JOIN run ON run.cell_hash = cell.hash AND run.seed = cell.seed"
    "  WHERE cell.experiment = ?1"
    " UNION ALL"
    " SELECT uuid, 9223372036854775807, labels, axes FROM run WHERE experiment = ?1"
    "  AND (source = 'imported' OR NOT EXISTS (SELECT 1 FROM experiment WHERE name = ?1))) ";

}  // namespace

std::vector<RunRow> Store::runs(const std::string& experiment) const {
  std::vector<RunRow> runs;
  if (experiment.empty()) {
    const std::string sql =
        std::string("SELECT ") + kRunColumns + " FROM run ORDER BY created, uuid";
    Statement query(*impl_->connection, sql.c_str());
    while (query.step()) runs.push_back(run_of(query));
    return runs;
  }
  const std::string sql =
      std::string(kMembers) + "SELECT " + kRunColumns +
      ", member.position, member.labels, member.axes FROM member JOIN run USING (uuid)"
      " ORDER BY member.position, run.created, run.uuid";
  Statement query(*impl_->connection, sql.c_str());
  query.bind(experiment);
  while (query.step()) {
    runs.push_back(run_of(query));
    const int64_t position = query.integer(13);
    if (position == std::numeric_limits<int64_t>::max()) continue;
    runs.back().position = position;
    runs.back().labels = text_map(parsed(query, 14));
    runs.back().axes = text_list(parsed(query, 15));
  }
  return runs;
}

std::optional<RunRow> Store::run(const std::string& uuid_prefix) const {
  const std::string sql = std::string("SELECT ") + kRunColumns +
                          " FROM run WHERE substr(uuid, 1, ?) = ? ORDER BY uuid LIMIT 6";
  Statement query(*impl_->connection, sql.c_str());
  query.bind(static_cast<int64_t>(uuid_prefix.size())).bind(uuid_prefix);
  std::vector<RunRow> found;
  while (query.step()) found.push_back(run_of(query));
  if (found.empty() || uuid_prefix.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string names;
    for (const RunRow& run : found) names += "\n  " + run.uuid + "  " + run.experiment;
    throw StoreError("run " + printable(uuid_prefix) + ": several runs begin so:" + names +
                     "\nGive more digits.");
  }
  return found.front();
}

std::vector<ResultRow> Store::results(const std::string& experiment) const {
  const std::string columns = "SELECT uuid, metric, part, k, value FROM ";
  const std::string order = " ORDER BY uuid, part, metric, k";
  const std::string sql = experiment.empty()
                              ? columns + "result" + order
                              : kMembers + columns + "member JOIN result USING (uuid)" + order;
  Statement query(*impl_->connection, sql.c_str());
  if (!experiment.empty()) query.bind(experiment);
  std::vector<ResultRow> rows;
  while (query.step()) rows.push_back(result_of(query));
  return rows;
}

std::vector<RunRow> Store::untrained(const std::string& data_fingerprint,
                                     const std::string& split_fingerprint) const {
  const std::string sql = std::string("SELECT ") + kRunColumns +
                          " FROM run WHERE state = 'finished' AND source = 'lealab'"
                          " AND json_extract(result, '$.data_fingerprint') = ?1"
                          " AND json_extract(result, '$.split_fingerprint') = ?2"
                          " AND json_type(spec, '$.train') = 'null' ORDER BY created, uuid";
  Statement query(*impl_->connection, sql.c_str());
  query.bind(data_fingerprint).bind(split_fingerprint);
  std::vector<RunRow> runs;
  while (query.step()) runs.push_back(run_of(query));
  return runs;
}

std::vector<ResultRow> Store::results_of(const std::string& uuid) const {
  Statement query(*impl_->connection,
                  "SELECT uuid, metric, part, k, value FROM result WHERE uuid = ?"
                  " ORDER BY part, metric, k");
  query.bind(uuid);
  std::vector<ResultRow> rows;
  while (query.step()) rows.push_back(result_of(query));
  return rows;
}

std::vector<CurvePoint> Store::curve(const std::string& uuid, const std::string& metric) const {
  Statement query(
      *impl_->connection,
      "SELECT metric, step, value FROM curve WHERE uuid = ? AND metric = ? ORDER BY step");
  query.bind(uuid).bind(metric);
  std::vector<CurvePoint> points;
  while (query.step()) points.push_back({query.text(0), query.integer(1), query.real(2)});
  return points;
}

std::vector<std::string> Store::experiments() const {
  Statement query(*impl_->connection,
                  "SELECT name FROM experiment UNION SELECT experiment FROM run ORDER BY 1");
  std::vector<std::string> names;
  while (query.step()) names.push_back(query.text(0));
  return names;
}

std::optional<ExperimentRow> Store::experiment(const std::string& name) const {
  Statement query(*impl_->connection, "SELECT created, axes, spec FROM experiment WHERE name = ?");
  query.bind(name);
  if (!query.step()) return std::nullopt;
  ExperimentRow row{name, query.text(0), text_list(parsed(query, 1)), parsed(query, 2), {}};
  Statement cells(*impl_->connection,
                  "SELECT hash, seed, labels FROM cell WHERE experiment = ? ORDER BY position");
  cells.bind(name);
  while (cells.step()) {
    row.runs.push_back({cells.text(0), cells.integer(1), text_map(parsed(cells, 2))});
  }
  return row;
}

std::optional<std::vector<std::string>> Store::plan_axes(const std::string& experiment) const {
  Statement query(*impl_->connection, "SELECT axes FROM experiment WHERE name = ?");
  query.bind(experiment);
  if (!query.step()) return std::nullopt;
  return text_list(parsed(query, 0));
}

std::map<std::string, std::string> Store::states() const {
  Statement query(*impl_->connection, "SELECT uuid, state FROM run");
  std::map<std::string, std::string> states;
  while (query.step()) states.emplace(query.text(0), query.text(1));
  return states;
}

std::map<std::string, std::string> Store::stamps() const {
  Statement query(*impl_->connection, "SELECT uuid, stamp FROM seen");
  std::map<std::string, std::string> stamps;
  while (query.step()) stamps.emplace(query.text(0), query.text(1));
  return stamps;
}

std::map<std::string, std::string> Store::plans() const {
  Statement query(*impl_->connection, "SELECT name, created FROM experiment");
  std::map<std::string, std::string> plans;
  while (query.step()) plans.emplace(query.text(0), query.text(1));
  return plans;
}

std::vector<std::string> Store::problems() const {
  std::vector<std::string> problems;
  Statement integrity(*impl_->connection, "PRAGMA integrity_check(20)");
  while (integrity.step()) {
    if (integrity.text(0) != "ok") problems.push_back("integrity: " + printable(integrity.text(0)));
  }
  Statement keys(*impl_->connection, "PRAGMA foreign_key_check");
  while (keys.step()) {
    problems.push_back("a row of table " + printable(keys.text(0)) +
                       " belongs to no run or experiment");
  }
  std::map<std::pair<std::string, std::string>, std::map<std::string, double>> metrics;
  for (const ResultRow& row : results()) {
    metrics[{row.uuid, row.part}][row.metric + "@" + std::to_string(row.k)] = row.value;
  }
  for (const auto& [key, values] : metrics) {
    try {
      for (const std::string& broken : eval::broken_bounds(values, 1e-9)) {
        problems.push_back("run " + key.first + ": " + key.second +
                           " metrics break a bound: " + broken);
      }
    } catch (const Error& error) {
      problems.push_back("run " + key.first + ": " + error.what());
    }
  }
  return problems;
}

std::string Store::content_hash() const {
  // The rows are sorted by their text, and quote() keeps every bit of a number.
  static constexpr const char* kTables[] = {"experiment", "cell",  "run",
                                            "result",     "curve", "plugin"};
  std::string digest;
  for (const char* table : kTables) {
    Statement columns(*impl_->connection, "SELECT name FROM pragma_table_info(?)");
    columns.bind(table);
    std::string list;
    while (columns.step())
      list += (list.empty() ? "quote(" : " || ',' || quote(") + columns.text(0) + ")";
    const std::string sql = "SELECT " + list + " FROM " + table + " ORDER BY 1";
    Statement rows(*impl_->connection, sql.c_str());
    std::string text = table;
    while (rows.step()) {
      text += '\n' + rows.text(0);
      // Hashing in blocks avoids holding the text of a million curve points in memory.
      if (text.size() > (1u << 20)) text = sha256(text);
    }
    digest += sha256(text);
  }
  return sha256(digest);
}

}  // namespace lea::db
