// Reads the ranks of another system from a file.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/lab/event_ranks.h"

namespace lea::lab {

// Reads a file of another system, or one of export_ranks: CSV or npz (core/lab/rank_table.h). The
// columns, in any order:
//   sequence                  original id
//   position                  0-based position of the target in its sequence
//   rank                      among all items; 1 is best
//   target                    optional; original id of the item, which is checked
//   ties                      optional; 0 when absent
//   rank_unseen, ties_unseen  optional; ranks count as known when rank_unseen is there and, where
//                             `ties` is, also ties_unseen
//   popularity                optional; training events of the item, which are checked
//   split_fingerprint         optional; of the split, which is checked
// Any other column is an error, because a misspelt one would change the numbers. Counts may be written
// as 2 or as 2.0. The file must hold every test event once, and nothing else. When `first_event` is
// false, events at position 0 may be absent. Throws DataError with the places of the first wrong rows.
EventRanks read_foreign_ranks(const std::string& path, const data::Dataset& data,
                              const data::Split& split, bool first_event);

}  // namespace lea::lab
