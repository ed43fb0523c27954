// Copies run folders into the results index. Only this code writes the index. Every call is
// idempotent, and several processes may collect at once: each holds the index for less than about a
// second at a time, and stores the runs that it reads meanwhile in one transaction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/lab/run_record.h"

namespace lea::lab {

struct Collected {
  int64_t runs = 0;       // rows written
  int64_t unchanged = 0;  // already in the index in a final state
  // One message for each damaged folder or plan, which names the file.
  std::vector<std::string> refused;
  bool unwritten = false;  // the index itself could not be written, as on a full disk
};

// Reads, verifies and indexes one run. Throws as read_run and db::Store::put do.
void collect_run(db::Store& store, const run::Folder& run);

// Indexes all plans of the lab, all runs that are not in the index in a final state, and those
// whose files were changed since, as when a test part is opened. Drops the runs that are refused,
// and those that had not ended and whose folder is gone. From an index outside the lab, drops every
// run and plan that the lab no longer has.
Collected collect(const std::string& lab);

// An index to read from.
struct CurrentIndex {
  std::unique_ptr<db::Store> store;   // never null
  std::vector<std::string> left_out;  // as Collected::refused
};

// Brings the index up to date for a command that reads. Changes nothing when no plan, no run's
// state, and no file of a run that has ended has changed. When the index cannot be written within
// about two seconds (a lab of somebody else, a full disk, a busy writer), the store is a copy in
// memory that is up to date. Precondition: `lab` is a lab (existing_lab of core/lab/lab_folder.h).
// Throws StoreError for a damaged index, as db::Store does.
CurrentIndex current_index(const std::string& lab);

// Empties the index and indexes everything. A damaged index file is renamed first; `set_aside`
// receives the new name and is empty otherwise.
Collected rebuild(const std::string& lab, std::string* set_aside);

}  // namespace lea::lab
