// Prints a list of runs as text, JSON or CSV.
#pragma once

#include <string>
#include <vector>

#include "core/report/filter.h"

namespace lea::report {

struct ListOptions {
  // A field. Sorts metrics best first and other fields ascending; "-field" reverses the order.
  // Empty: the order of the views.
  std::string sort;
  std::string format = "text";  // or json, or csv (core/report/run_csv.h)
};

// The runs that match the filter (core/report/filter.h), one a line: short uuid, experiment,
// labels, seed, state, main metric and age, and why it failed where one of them has a reason. Throws
// UsageError for a wrong filter, sort field or format.
std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options);

}  // namespace lea::report
