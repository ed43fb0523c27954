// A finished run of the lab, with its ranks and the data set that was ranked.
#pragma once

#include <memory>
#include <string>

#include "core/data/dataset.h"
#include "core/lab/event_ranks.h"
#include "core/run/folder.h"

namespace lea::lab {

struct RankedRun {
  run::Folder folder;
  std::shared_ptr<const data::Dataset> data;
  EventRanks ranks;  // of the test events
};

// The run whose uuid begins with the prefix. Throws UsageError as run::find_run does. Throws
// DataError when the run has not finished, when its test part is closed, or when the lab now has another data set of the name.
RankedRun open_ranked_run(const std::string& lab, const std::string& uuid_prefix);

}  // namespace lea::lab
