// The data sets of an experiment: what `lealab plan` checks, and what `lealab run` imports. Both
// refuse the same specs with the same messages, before anything is written.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/spec/experiment.h"

namespace lea::lab {

// The number of items of a data set, and of its events in each part of a split.
struct PartSizes {
  int64_t items = 0, train = 0, valid = 0, test = 0;
};

// The sizes of the parts, by split_key of the runs that use them.
using SplitSizes = std::map<std::string, PartSizes>;
std::string split_key(const spec::RunSpec& run);

// Throws DataError for everything about the data that would stop the import or a worker:
//   - the lab lacks the data set, and the spec states no data.path
//   - data.path cannot be imported, or gives other content than the lab's data set of that name
//   - data.path is not the file of the lab's data set, which was imported with options that a spec
//     cannot state (data::imported_by_hand)
//   - there is no file to import from, and the lab's data set does not satisfy the spec's filters
//   - the split is impossible: sequences that the file lacks, a split by time where the times are
//     only positions, or a part without an event that a run needs
// Writes nothing. Reads the file of a data set that the lab lacks, which takes as long as its
// import.
SplitSizes check_data(const std::string& lab, const spec::Experiment& experiment);

// Called before an import with the data set's section and what its user should know of the source
// (data::PreparedImport::notes).
using OnImport =
    std::function<void(const spec::DataSection&, const std::vector<std::string>& notes)>;

// Makes the same checks, then imports what the lab lacks and makes the lab's folder for it. Calls
// `on_import` before each import. When another process imports the same data set at the same time,
// one copy is published and both calls succeed.
SplitSizes import_data(const std::string& lab, const spec::Experiment& experiment,
                       const OnImport& on_import);

}  // namespace lea::lab
