// What a run's folder holds, read and verified.
#pragma once

#include <vector>

#include "core/run/folder.h"
#include "db/store/store.h"

namespace lea::lab {

// The content of a run's folder in the form that db::Store::put takes.
struct RunRecord {
  db::RunRow run;
  std::vector<db::ResultRow> results;
  std::vector<db::CurvePoint> curves;
};

// Reads a folder. Verifies that it holds plain files and that cell.json is that of run.yaml. For a
// finished run, verifies that ranks.bin and, where it exists, ranks-valid.bin
// match result.json and test.json: the sha256, the data and split fingerprints, and exactly the stated
// metrics. So must top.bin, where the result states it. While the test part is closed, what there is
// of ranks.bin does not count.
// Throws DataError that names file and key.
RunRecord read_run(const run::Folder& run);

}  // namespace lea::lab
