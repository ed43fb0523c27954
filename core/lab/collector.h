// Brings run folders into the results index. The only writer of the index; every call is
// idempotent.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"
#include "db/store/store.h"

namespace lea::lab {

struct Collected {
  int64_t runs = 0;       // rows written
  int64_t unchanged = 0;  // finished before and already in the index
  std::vector<std::string>
      refused;  // one message for each folder that was refused, which names the row
};

// What a folder holds, ready for Store::put.
struct RunRecord {
  db::RunRow run;
  std::vector<db::ResultRow> results;
  std::vector<db::CurvePoint> curves;
};

// Reads and verifies a folder: of a finished run, that ranks.bin is the file that result.json names
// (sha256, data and split fingerprints) and gives the metrics that it states, no others. Throws
// DataError naming file and key.
RunRecord read_run(const run::Folder& run);

void collect_run(db::Store& store, const run::Folder& run);

// All plans and runs of the lab that the index does not have in their final state.
Collected collect(const std::string& lab);

// Empties the index and collects everything. A damaged file is set aside
// first, and `set_aside` gets its new name.
Collected rebuild(const std::string& lab, std::string* set_aside);

// Compares index and folders, and checks both. One sentence for each problem; changes nothing.
std::vector<std::string> check(const std::string& lab);

}  // namespace lea::lab
