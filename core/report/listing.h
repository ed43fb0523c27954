// Prints a list of runs as text or JSON.
#pragma once

#include <string>
#include <vector>

#include "core/report/filter.h"

namespace lea::report {

struct ListOptions {
  // A field. Sorts metrics best first and other fields ascending; "-field" reverses the order.
  // Empty: the order of the views.
  std::string sort;
  bool json = false;
};

// The runs that match the filter (core/report/filter.h), one a line: short uuid, experiment,
// labels, seed, state, main metric and age, and why it failed where one of them has a reason. Throws UsageError for a wrong filter or sort field.
std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options);

}  // namespace lea::report
