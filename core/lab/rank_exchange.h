// Exports ranks with original ids for other tools, and imports the ranks of other systems.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/ranks.h"
#include "core/run/folder.h"

namespace lea::lab {

struct EventRanks {
  eval::RankFile file;
  // False: rank_unseen and ties_unseen are not known; they are copies of rank and ties.
  bool unseen = true;
};

// Writes the ranks of a run's test events to `path`. `format` is "csv" or "npz" (one array for each
// column; ids as byte strings). The columns:
//   sequence                  original id
//   position                  0-based position of the target in its sequence
//   target                    original id of the item
//   rank, ties                among all items
//   rank_unseen, ties_unseen  among unseen items; left out when they are not known
//   popularity                training events of the target
// Throws DataError when `data` is not the data set that was ranked.
void export_ranks(const EventRanks& ranks, const data::Dataset& data, const std::string& format,
                  const std::string& path);

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

// The description of imported ranks.
struct ForeignRun {
  std::string experiment, name;
  int64_t seed = 0;
  spec::RunSpec protocol;  // its sections data, split and evaluate describe how the ranks were made
};

// Makes a finished run with source "imported" from the ranks. Returns the existing run when the
// same ranks were imported before with the same experiment, name and seed. Throws DataError when
// the protocol removes seen items but the ranks among unseen items are not known.
run::Folder add_foreign_run(const std::string& lab, const ForeignRun& run, const EventRanks& ranks);

}  // namespace lea::lab
