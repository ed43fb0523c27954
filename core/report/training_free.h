// The training-free section of a table. Frameworks that are not trained cost next to nothing, so
// the best of them is the floor that a trained row has to beat. A run is training-free when its
// framework does not read `train` (report::untrained).
#pragma once

#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// Adds to the pivot, as `borrowed`, the finished training-free runs of other experiments of the lab
// that share data, split, protocol and history length with rows of the table. Settings that the
// table has already are not added, and of several runs with equal settings only the newest is. Then
// sets `below_floor` of the rows.
void add_training_free(const db::Store& store, const TableOptions& options, Pivot* pivot);

// The footer's lines about the section. Where the lab has no training-free run for a group of rows,
// adds the command that makes some to the pivot.
std::vector<std::string> training_free_notes(const TableOptions& options, Pivot* pivot);

}  // namespace lea::report
