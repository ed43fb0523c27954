// Writes ranks with original ids for other tools.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/lab/event_ranks.h"

namespace lea::lab {

// Writes the ranks of a run's test events to `path`, a file or a stream (core/base/output_file.h).
// `format` is "csv" or "npz" (one array for each column; ids as byte strings). The columns:
//   sequence                  original id
//   position                  0-based position of the target in its sequence
//   target                    original id of the item
//   rank, ties                among all items
//   rank_unseen, ties_unseen  among unseen items; left out when they are not known
//   popularity                training events of the target
//   split_fingerprint         of the split, in each row; in npz an array without a dimension
// Throws DataError when `data` is not the data set that was ranked, and StoreError when `path` cannot
// be written.
void export_ranks(const EventRanks& ranks, const data::Dataset& data, const std::string& format,
                  const std::string& path);

}  // namespace lea::lab
