// Reads what a matrix needs of many runs without their documents, in a fraction of a second.
//
// Which runs are of one row follows from the labels of the plan, and which run counts from the states
// (core/run/counting.h). What only the documents hold is not looked at: data sets that were replaced,
// splits, closed test parts, stale runs, and the training-free floor. `lealab table` looks at all of
// it, and takes as long as that takes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/report/matrix.h"

namespace lea::report {

// Experiments with more runs are read in this way.
inline constexpr int64_t kMostReadRuns = 2000;

// The runs of an experiment, or, for "", all runs of the lab with the axis `experiment`. No values are
// read yet. `cancelled` ends it early, with an incomplete answer.
MatrixSource brief_source(const db::Store& store, const std::string& experiment,
                          const std::function<bool()>& cancelled);

// A view to begin with: one metric, with the axes of the plan as rows.
MatrixView brief_view(const MatrixSource& source);

// Reads the values of the columns that the view shows, where they were not read yet. Returns whether
// it read some.
bool read_values(const db::Store& store, const MatrixView& view,
                 const std::function<bool()>& cancelled, MatrixSource* source);

// The footer of such a matrix.
std::vector<std::string> brief_notes(const MatrixSource& source);

}  // namespace lea::report
