// Finds the lab's runs that a plan is about: from the results index, and from the folders where the
// index lacks them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/run/counting.h"
#include "core/run/experiment_plan.h"
#include "core/run/folder.h"
#include "core/run/result.h"
#include "core/run/stale.h"
#include "core/spec/experiment.h"

namespace lea::lab {

struct KnownRun {
  run::Folder folder;
  run::Candidate candidate;
  std::string failure;                // why the run failed
  std::string other_data;             // why a finished run does not belong to the lab's data set
  std::vector<std::string> outdated;  // outdated parts of a finished run; empty: not stale
  std::optional<run::Training> training;  // of a finished run
  bool closed = false;                    // the run has finished with its test part closed
};

// For each planned run, by its index in the experiment, the run of the lab that counts
// (core/run/counting.h). Empty where the lab has none. With `redo_stale`, stale runs count as
// outdated.
//
// A run that the index has in a final state is not read again: such a run never changes, except that
// a closed test part may have been opened. Its folder must still have a result. All other runs are read from their folders. So are all runs when the
// lab has no index, or the index is damaged or locked. Skips damaged folders, which collecting
// reports.
std::vector<std::optional<KnownRun>> known_runs(const std::string& lab,
                                                const spec::Experiment& experiment,
                                                const run::InstalledPlugins& installed,
                                                bool redo_stale);

// The runs that count for an experiment.
struct CountingRuns {
  std::vector<run::Folder> folders;
  std::optional<run::ExperimentPlan> plan;  // of the experiment, when it has one that can be read
  // One message for each folder that cannot be read, and so may be such a run, and for a plan that
  // cannot be read.
  std::vector<std::string> damaged;
};

// The runs that the experiment's plan names come first, in the order of the plan, and its imported
// runs follow. When there is no plan that can be read, all runs that were made for the experiment
// count. Stale runs count.
CountingRuns counting_runs(const std::string& lab, const std::string& experiment);

}  // namespace lea::lab
