// What a run's folder holds, read and verified.
#pragma once

#include "core/run/folder.h"
#include "db/store/store.h"

namespace lea::lab {

using RunRecord = db::RunRecord;  // the content of a run's folder

// Reads a folder. Verifies that it holds plain files and that cell.json is that of run.yaml. For a
// finished run, verifies that ranks.bin and, where it exists, ranks-valid.bin match result.json and
// test.json: the sha256, the data and split fingerprints, and exactly the stated metrics. top.bin
// must match where the result states it. While the test part is closed, the content of ranks.bin
// does not count. Throws DataError that names file and key.
RunRecord read_run(const run::Folder& run);

}  // namespace lea::lab
