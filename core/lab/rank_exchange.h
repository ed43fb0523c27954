// Ranks in and out with original ids: for other people's tools, and of other people's systems.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/ranks.h"
#include "core/run/folder.h"

namespace lea::lab {

struct EventRanks {
  eval::RankFile file;
  bool unseen =
      true;  // false: rank_unseen and ties_unseen are not known, and stand as rank and ties
};

// Writes the ranks of a run's test events to `path`, as csv (columns sequence, position, target,
// rank, ties, rank_unseen, ties_unseen, popularity; without the two where they are not known) or as
// npz (an array for each column; ids as byte strings). Throws DataError when the data set is not
// the one that was ranked.
void export_ranks(const EventRanks& ranks, const data::Dataset& data, const std::string& format,
                  const std::string& path);

// Reads a CSV of another system: sequence (original id), position (0-based, of the target in its
// sequence) and rank (1 is best), optionally target (original id, checked), ties (0 without), and
// rank_unseen with ties_unseen (needed where there are ties). Every test event must occur once, and
// nothing else may, but events at position 0 when `first_event` is false. Throws DataError with
// file:line of the first wrong rows.
EventRanks read_foreign_ranks(const std::string& path, const data::Dataset& data,
                              const data::Split& split, bool first_event);

// Makes a run folder of them, finished, with source "imported". `protocol` is a resolved run whose
// data, split and evaluate sections say how the ranks were made. The same ranks under the same name
// again give the run that there is. Throws DataError when the protocol removes seen items and the
// ranks among the others are not known.
struct ForeignRun {
  std::string experiment, name;
  int64_t seed = 0;
  spec::RunSpec protocol;
};
run::Folder add_foreign_run(const std::string& lab, const ForeignRun& run, const EventRanks& ranks);

// A field of a CSV line: quoted where commas or quotes need it, and with an apostrophe before what
// a spreadsheet would take for a formula; and back.
std::string csv_field(const std::string& text);
std::vector<std::string> split_csv(const std::string& line);

}  // namespace lea::lab
