// Prints a list of runs, or all facts of one run, as text or JSON.
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
// labels, seed, state, main metric and age. Throws UsageError for a wrong filter or sort field.
std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options);

struct DetailOptions {
  bool slices = false;  // also print metrics by slice (eval::slices)
  bool json = false;
};

// The resolved spec, the provenance and the metrics of one run. Computes the test metrics from the
// ranks in the lab, for every tie policy, with and without seen items. Prints the stored metrics
// when the ranks are missing. Throws DataError when the ranks are damaged.
std::string run_details(const RunView& view, const std::string& lab, const DetailOptions& options);

}  // namespace lea::report
