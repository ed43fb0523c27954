// Compares the rows of a table over splits in pairs. Splits differ more than methods do, so the
// intervals of two rows overlap widely. The differences within the pairs do not have that spread.
#pragma once

#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// Each row minus the reference row of its data and protocol, in the last NDCG column of the test
// part, or of validation while the test part is closed. The reference is the row with the best mean
// among those that have the most splits. A pair is two finished runs of equal split and equal seed
// (pairs_of in statistics.h). The mean over the splits is over those that have a pair, so that both
// rows have the same splits in it. Runs on a split that has one seed and two fingerprints are no pair. Reads the ranks of the pairs' runs in
// the lab; runs whose ranks are missing or damaged are counted in `without_ranks`, and none is
// without options.lab. Empty for a table that does not take means over splits.
std::vector<PairedRows> compare_in_pairs(const Pivot& pivot, const TableOptions& options);

// The footer's lines about pivot.pairs: one for each comparison, and one on how to read them.
std::vector<std::string> pair_notes(const Pivot& pivot);

}  // namespace lea::report
