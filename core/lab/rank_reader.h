// Reads the ranks of another system from a CSV file.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/lab/event_ranks.h"

namespace lea::lab {

// Reads a CSV file of another system. The columns, in any order:
//   sequence                  original id
//   position                  0-based position of the target in its sequence
//   rank                      among all items; 1 is best
//   target                    optional; original id of the item, which is checked
//   ties                      optional; 0 when absent
//   rank_unseen, ties_unseen  optional; ranks count as known when rank_unseen is there and, where
//                             `ties` is, also ties_unseen
// The file must hold every test event once, and nothing else. When `first_event` is false, events
// at position 0 may be absent. Throws DataError with file:line of the first wrong rows.
EventRanks read_foreign_ranks(const std::string& path, const data::Dataset& data,
                              const data::Split& split, bool first_event);

}  // namespace lea::lab
