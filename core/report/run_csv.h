// Runs as a table for other programs.
#pragma once

#include <string>
#include <vector>

#include "core/report/run_view.h"

namespace lea::report {

// CSV with a row for each run and every fact that some run has. The columns are
//   uuid, experiment, state, seed, source, reason, created, finished, hash
//   label.AXIS             the label on an axis or of a slot; empty for an empty backbone
//   train.learning_rate    each setting of the resolved spec, also `added` ones of its sections
//   ndcg@10                test metrics
//   valid.ndcg@10          validation metrics
//   result.train_seconds   each other key of result.json
// so that a name means what it means in a filter. A list or an object in a list is JSON. A cell is
// empty where the run lacks the fact. Numbers have all digits; text is guarded as csv_field does.
std::string runs_csv(const std::vector<RunView>& views);

}  // namespace lea::report
