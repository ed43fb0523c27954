// The lines of a table's footer about what makes a row mean less than its name says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// The mean over the finished runs of a row of the updates of the evaluated network. Empty for a row
// without training.
std::optional<double> mean_updates(const Row& row);

// One line for each of these, where it holds:
// - The best step of a run lies before a phase that its spec asks for began. Such phases are the
//   framework's (its parameter `warm_up_steps`, see core/api/plugin.h), that of the proposals
//   (`augment`: from_step) and that of the lower learning rate (train.drop_learning_rate_at).
// - A run ended at train.max_steps.
// - Comparable rows differ by more than a tenth in the updates of the evaluated network.
// - Comparable rows differ in their negatives.
// - Runs of the table used artefacts of one key with several checksums.
std::vector<std::string> flags(const Pivot& pivot);

}  // namespace lea::report
