// Compares the results index with the run folders, also while grids run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::lab {

struct IndexCheck {
  std::vector<std::string> problems;  // one sentence for each
  int64_t runs = 0;                   // folders of runs
  int64_t open = 0;                   // of those: have not ended
  int64_t behind = 0;                 // of those: have ended, and the index does not know it yet
  bool has_index = false;
  std::string content;  // db::Store::content_hash; empty without an index
};

// Checks the index, the plans and the folders, and compares them. Changes nothing. What the next
// current_index (core/lab/collector.h) will collect is no problem. What seems wrong is read again
// before it is reported, because a run may begin or end meanwhile. An index that cannot be opened
// is a problem; plans and folders are checked nevertheless.
IndexCheck check_index(const std::string& lab);

}  // namespace lea::lab
