// Copies run folders into the results index. Only this code writes the index. Every call is
// idempotent.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"
#include "db/store/store.h"

namespace lea::lab {

struct Collected {
  int64_t runs = 0;       // rows written
  int64_t unchanged = 0;  // already in the index in a final state
  // One message for each damaged folder or plan, which names the file.
  std::vector<std::string> refused;
};

// The content of a run's folder in the form that db::Store::put takes.
struct RunRecord {
  db::RunRow run;
  std::vector<db::ResultRow> results;
  std::vector<db::CurvePoint> curves;
};

// Reads a folder. For a finished run, verifies that ranks.bin and, where it exists, ranks-valid.bin
// match result.json: the sha256, the data and split fingerprints, and exactly the stated metrics.
// Throws DataError that names file and key.
RunRecord read_run(const run::Folder& run);

// Reads, verifies and indexes one run. Throws as read_run and db::Store::put do.
void collect_run(db::Store& store, const run::Folder& run);

// Indexes all plans of the lab, and all runs that are not in the index in a final state.
Collected collect(const std::string& lab);

// Empties the index and indexes everything. A damaged index file is renamed first; `set_aside`
// receives the new name and is empty otherwise.
Collected rebuild(const std::string& lab, std::string* set_aside);

// Checks the index and the folders and compares them. Returns one sentence for each problem.
// Changes nothing.
std::vector<std::string> check(const std::string& lab);

}  // namespace lea::lab
