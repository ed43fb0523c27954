// Queries about runs, for a lane: which runs match an expression, in which order. The expression
// decides by the code of `lealab ls`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/report/filter.h"
#include "db/store/store.h"

namespace lea::gui {

struct RunQuery {
  std::string experiment = {};  // empty: all
  std::string expression = {};  // core/report/filter.h
  std::string sort_field = "created";
  bool descending = true;
};

// The fields of the runs, from some of them: the newest, and one of each experiment.
std::vector<std::string> sampled_fields(const db::Store& store);

// The uuids of the matching runs in their order; empty when it was cancelled. `fields`: as
// sampled_fields. Throws UsageError for a wrong expression or field.
std::vector<std::string> matching_runs(const db::Store& store, const RunQuery& query,
                                       const std::vector<std::string>& fields,
                                       const std::function<bool()>& cancelled);

// The runs with their metrics, in this order. Runs that have gone are left out.
std::vector<report::RunView> views_of(const db::Store& store,
                                      const std::vector<std::string>& uuids);

}  // namespace lea::gui
