// A list of runs, and the whole of one run, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include "core/report/filter.h"

namespace lea::report {

struct ListOptions {
  std::string sort;  // a field; metrics best first, all else ascending; "-field" turns it round
  bool json = false;
};

// The runs that match, one a line: short uuid, experiment, labels, seed, state, main metric, age.
// Throws UsageError for a wrong filter or sort field.
std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options);

struct DetailOptions {
  bool slices = false;
  bool json = false;
};

// Resolved spec, provenance, and the metrics under every tie policy with and without seen items,
// computed again from the ranks in the lab; the stored ones where those are missing.
// Throws DataError when the ranks are damaged.
std::string run_details(const RunView& view, const std::string& lab, const DetailOptions& options);

}  // namespace lea::report
