#include "core/report/run_view.h"

#include <utility>

#include "core/report/labels.h"

namespace lea::report {

RunView view_of(db::RunRow run, const std::vector<db::ResultRow>& results) {
  RunView view{std::move(run), {}};
  for (const db::ResultRow& result : results) view.metrics.add(result);
  return view;
}

nlohmann::ordered_json to_json(const RunView& view) {
  const db::RunRow& run = view.run;
  nlohmann::ordered_json document = {{"uuid", run.uuid},         {"experiment", run.experiment},
                                     {"labels", labels_of(run)}, {"seed", run.seed},
                                     {"state", run.state},       {"reason", run.reason},
                                     {"created", run.created},   {"finished", run.finished},
                                     {"source", run.source},     {"hash", run.run_hash}};
  document["metrics"] = {{"valid", view.metrics.valid}, {"test", view.metrics.test}};
  return document;
}

}  // namespace lea::report
