// The queries of matrices over many runs. They read no documents: those of 100,000 runs are hundreds
// of megabytes.
#include "db/store/store_impl.h"

namespace lea::db {

void Store::visit_brief(const std::function<bool(const BriefRun&)>& visit) const {
  // The columns lie before the documents in each row, so the pages of the documents are not read.
  Statement query(
      *impl_->connection,
      "SELECT uuid, experiment, cell_hash, seed, state, created, source, labels FROM run");
  while (query.step()) {
    BriefRun run{query.view(0), query.view(1), query.view(2), query.view(4),
                 query.view(5), query.view(6), query.view(7), query.integer(3)};
    if (!visit(run)) return;
  }
}

void Store::visit_plan(const std::string& experiment,
                       const std::function<bool(const BriefPlan&)>& visit) const {
  Statement query(*impl_->connection,
                  "SELECT hash, seed, labels FROM cell WHERE experiment = ? ORDER BY position");
  query.bind(experiment);
  while (query.step()) {
    if (!visit({query.view(0), query.view(2), query.integer(1)})) return;
  }
}

void Store::visit_metric(
    const std::string& metric, const std::string& part, int64_t k,
    const std::function<bool(std::string_view uuid, double value)>& visit) const {
  Statement query(*impl_->connection,
                  "SELECT uuid, value FROM result WHERE metric = ? AND k = ? AND part = ?");
  query.bind(metric).bind(k).bind(part);
  while (query.step()) {
    if (!visit(query.view(0), query.real(1))) return;
  }
}

int64_t Store::size_of(const std::string& experiment) const {
  if (experiment.empty()) return impl_->connection->integer("SELECT count(*) FROM run");
  for (const char* sql : {"SELECT count(*) FROM cell WHERE experiment = ?",
                          "SELECT count(*) FROM run WHERE experiment = ?"}) {
    Statement query(*impl_->connection, sql);
    query.bind(experiment);
    if (query.step() && query.integer(0) > 0) return query.integer(0);
  }
  return 0;
}

}  // namespace lea::db
