// The facts of a run for filters, sort keys, listings and details.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "core/report/measure.h"
#include "db/store/store.h"

namespace lea::report {

struct RunView {
  db::RunRow run;
  Measured metrics;  // as stored
};

RunView view_of(db::RunRow run, const std::vector<db::ResultRow>& results);

// {"uuid", "experiment", "labels", "seed", "state", "reason", "created", "finished", "source",
//  "hash", "metrics": {"valid", "test"}}
nlohmann::ordered_json to_json(const RunView& view);

}  // namespace lea::report
