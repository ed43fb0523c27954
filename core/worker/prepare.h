// The worker's tasks that are about artefacts: making one, and counting the work that this is.
#pragma once

#include "core/worker/tasks.h"

namespace lea::worker {

// Makes the artefact in the folder `options.run`, or goes on with it, and writes result.json. Does
// nothing when result.json exists. Returns the exit code, as run_training does.
int run_preparing(const TaskOptions& options);

}  // namespace lea::worker
