// A plan in the words that the command line and the window share: its cells, its sorts of artefacts,
// and what its work takes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/lab/plan.h"
#include "core/spec/experiment.h"

namespace lea::lab {

// A cell with the sums over its seeds. Cells of the same labels are one.
struct PlannedCell {
  std::string name;                           // run::cell_name
  std::map<std::string, std::string> labels;  // by axis
  size_t runs = 0;
  std::map<TaskStatus, size_t> counts;
  double seconds = 0;           // of the work that is left; 0: none
  std::set<std::string> notes;  // printable; those of stale runs are in Plan::stale

  size_t to_do() const;  // runs that need work
};

// In the order of the grid.
std::vector<PlannedCell> planned_cells(const spec::Experiment& experiment, const Plan& plan);

// "3 done, 2 to do, about 4 min".
std::string counts_text(const PlannedCell& cell);

// A line for each sort of artefact that the runs to do need, and below it its notes, indented.
std::vector<std::string> artefact_lines(const Plan& plan);

// What the work takes of the disk, and a warning when it has too little room. Empty for a plan with
// nothing to do.
std::vector<std::string> disk_lines(const Plan& plan);

// How long the work takes: "about 2 h with 2 workers (...)", or "nothing to do".
std::string time_text(const Plan& plan);

}  // namespace lea::lab
