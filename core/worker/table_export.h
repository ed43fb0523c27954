// The worker's task that writes the rewards or states of an artefact for the environment `table`.
#pragma once

#include <string>

#include "core/worker/tasks.h"

namespace lea::worker {

// Writes the matrix of the artefact in `options.run` to `out`, in safetensors format: `states` F32
// [E + S, width]; or `rewards` F32 [E, 1 + P], with `pool` I64 [E, P] when the artefact reads the pool,
// otherwise P is 0. `what` is "rewards" or "states". The matrix is the only table (core/api/table.h)
// among the artefact's files that has this many rows, and for rewards this many columns.
//
// Returns the exit code. Throws DataError when the artefact is not finished, is damaged, or holds no
// such table or several, and when the lab's data is not that from which it was made. Throws StoreError
// when `out` cannot be written.
int run_table_export(const TaskOptions& options, const std::string& what, const std::string& out);

}  // namespace lea::worker
