// The queries of a plan. A lab may have 100,000 runs, so none of them reads the whole table.
#include <unordered_map>

#include "db/store/store_impl.h"

namespace lea::db {
namespace {

// One lock for many queries, which then all see the same state.
class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection) : connection_(connection) {
    connection.execute("BEGIN");
  }
  ~ReadTransaction() { sqlite3_exec(connection_.handle(), "COMMIT", nullptr, nullptr, nullptr); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Connection& connection_;
};

using Visit = std::function<void(size_t, const FoundRun&)>;

// To look up a run costs as much as to read so many runs in the order of the table, because its row
// may be anywhere in the file.
constexpr int64_t kRowsOfALookUp = 8;

constexpr const char* kFound =
    "SELECT uuid, state, reason, created,"
    " json_extract(result, '$.plugins', '$.numerics', '$.data_fingerprint'),"
    " json_extract(result, '$.wall_seconds'), json_extract(result, '$.train_seconds'),"
    " json_extract(result, '$.steps'), json_extract(result, '$.parameters'),"
    " json_extract(result, '$.metrics.test') IS NULL, cell_hash, seed FROM run";

FoundRun found_in(const Statement& query) {
  FoundRun run{query.text(0), query.text(1), query.text(2), query.text(3), query.text(4)};
  run.wall_seconds = query.real(5);
  run.train_seconds = query.real(6);
  run.steps = query.integer(7);
  run.parameters = query.integer(8);
  run.closed = query.integer(9) != 0;
  return run;
}

void look_up(Connection& connection, const std::vector<Store::Key>& keys, const Visit& visit) {
  Statement query(connection, (std::string(kFound) + " WHERE cell_hash = ? AND seed = ?").c_str());
  for (size_t i = 0; i < keys.size(); ++i) {
    query.bind(keys[i].first).bind(keys[i].second);
    while (query.step()) visit(i, found_in(query));
    query.reset();
  }
}

void scan(Connection& connection, const std::vector<Store::Key>& keys, const Visit& visit) {
  std::unordered_map<std::string, std::vector<size_t>> of_hash;  // indices of keys
  for (size_t i = 0; i < keys.size(); ++i) of_hash[keys[i].first].push_back(i);
  Statement query(connection, kFound);
  while (query.step()) {
    const auto found = of_hash.find(query.text(10));
    if (found == of_hash.end()) continue;
    for (const size_t i : found->second) {
      if (keys[i].second == query.integer(11)) visit(i, found_in(query));
    }
  }
}

}  // namespace

void Store::find(const std::vector<Key>& keys, const Visit& visit) const {
  const ReadTransaction transaction(*impl_->connection);
  const int64_t runs = impl_->connection->integer("SELECT count(*) FROM run");
  const bool few = std::ssize(keys) < runs / kRowsOfALookUp;
  (few ? look_up : scan)(*impl_->connection, keys, visit);
}

std::vector<TestedRun> Store::tested(const std::string& data_fingerprint,
                                     const std::string& split_fingerprint) const {
  Statement query(*impl_->connection,
                  "SELECT uuid, coalesce(json_extract(result, '$.opened.at'), finished) FROM run"
                  " WHERE state = 'finished' AND json_extract(result, '$.data_fingerprint') = ?1"
                  " AND json_extract(result, '$.split_fingerprint') = ?2 AND EXISTS"
                  " (SELECT 1 FROM result WHERE result.uuid = run.uuid AND part = 'test')");
  query.bind(data_fingerprint).bind(split_fingerprint);
  std::vector<TestedRun> runs;
  while (query.step()) runs.push_back({query.text(0), query.text(1)});
  return runs;
}

std::vector<std::string> Store::uuids() const {
  // An index holds the uuids closer together than the table does.
  Statement query(*impl_->connection, "SELECT uuid FROM run INDEXED BY run_by_experiment");
  std::vector<std::string> uuids;
  while (query.step()) uuids.push_back(query.text(0));
  return uuids;
}

std::vector<RunRow> Store::finished(const std::string& experiment, int64_t most) const {
  const std::string of = experiment.empty() ? "" : "experiment = ?1 AND ";
  const std::string sql = "SELECT uuid, spec, result FROM run WHERE " + of +
                          "state = 'finished' AND source = 'lealab' ORDER BY uuid LIMIT ?" +
                          (experiment.empty() ? "1" : "2");
  Statement query(*impl_->connection, sql.c_str());
  if (!experiment.empty()) query.bind(experiment);
  query.bind(most);
  std::vector<RunRow> runs;
  while (query.step()) {
    RunRow run;
    run.uuid = query.text(0);
    run.spec = nlohmann::json::parse(query.text(1), nullptr, /*allow_exceptions=*/false);
    run.result = nlohmann::json::parse(query.text(2), nullptr, /*allow_exceptions=*/false);
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace lea::db
