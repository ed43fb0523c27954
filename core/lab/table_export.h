// Exports the rewards or states of an artefact to a file that the environment `table` reads. The worker
// finds them and draws the pool.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/run/artefact_folder.h"

namespace lea::lab {

// Writes `out`, a file in NumPy's npz or in safetensors format, as its name ends, or a stream
// (core/base/output_file.h) in the format `stated`, which may be empty. It holds the array
// `states` float32 [E + S, width]; or the array `rewards` float32 [E, 1 + P] with `pool` int64 [E, P],
// when the artefact was made with a pool, and [E, 1] otherwise (docs/tables.md). `what` is "rewards" or
// "states". Returns the names and shapes of the arrays.
//
// Throws UsageError for another ending, and StoreError when `out` cannot be written. Throws DataError
// when the artefact is not finished, is damaged, or holds no such matrix, and when the lab's data set
// is not that from which it was made.
std::vector<std::pair<std::string, std::vector<int64_t>>> export_table(const std::string& lab,
                                                                       const run::Folder& artefact,
                                                                       const std::string& what,
                                                                       const std::string& out,
                                                                       const std::string& stated);

}  // namespace lea::lab
