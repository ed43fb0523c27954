// Makes finished runs from the ranks of other systems.
#pragma once

#include <string>

#include "core/lab/event_ranks.h"
#include "core/run/folder.h"

namespace lea::lab {

// The description of imported ranks.
struct ImportedRun {
  std::string experiment, name;
  int64_t seed = 0;
  spec::RunSpec protocol;  // its sections data, split and evaluate describe how the ranks were made
};

// Makes a finished run with source "imported" from the ranks. Returns the existing run when the
// same ranks were imported before with the same experiment, name and seed. Throws DataError when
// the protocol removes seen items but the ranks among unseen items are not known. Throws UsageError
// when the experiment, the data set or the row cannot have its name.
run::Folder add_imported_run(const std::string& lab, const ImportedRun& run,
                             const EventRanks& ranks);

// What `lealab import ranks` asks for.
struct RankImport {
  std::string path;              // CSV or npz (core/lab/rank_reader.h)
  std::string experiment, name;  // the experiment whose table gets the row, and the row's label
  int64_t seed = 0;              // which repetition of the system this is
  // The data set, its split and the protocol are those of the run whose uuid begins with
  // `split_of`. Without one, they are the three members below.
  std::string split_of;
  std::string data;  // may repeat the run's data set
  spec::SplitSection split;
  spec::EvaluateSection evaluate;
};

struct ImportedRanks {
  run::Folder run;
  size_t events = 0;
  std::string split_fingerprint;
};

// Reads the file and adds the run to the lab, but not to its index. Throws UsageError when no data
// set is named, or another one than `split_of` used, or when a name cannot be one. Throws DataError
// when the data set or the split is no longer what the run `split_of` ranked, and for every reason of
// read_foreign_ranks and add_imported_run.
ImportedRanks import_ranks(const std::string& lab, const RankImport& request);

}  // namespace lea::lab
