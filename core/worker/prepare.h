// The worker's task that makes an artefact.
#pragma once

#include "core/worker/tasks.h"

namespace lea::worker {

// Makes the artefact in the folder `options.run`, or goes on with it, and writes result.json. Does
// nothing when result.json exists. Returns the exit code, as run_training does.
int run_preparing(const TaskOptions& options);

}  // namespace lea::worker
