// The ledger of test parts that were read: the file lab/test-reads.jsonl, to which whoever ranks the
// test part of a split appends one record before it does (core/base/records.h).
//
//   {"at", "run", "experiment", "data_fingerprint", "split_fingerprint"}
//
// A run has several records when it was killed while it ranked and ranked again. The ledger keeps
// what the run folders alone would forget: readings of runs that were removed, and the time at which
// a test part was opened. Runs that are older than the ledger have no record; their results show that
// they have read it.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"

namespace lea::run {

struct TestRead {
  std::string run, experiment;  // uuid; the experiment that first planned the run
  std::string data_fingerprint, split_fingerprint;
  std::string at = {};  // UTC
};

// Appends a record with the current time. Several processes may do so at once: each waits for a lock
// beside the file. Throws StoreError when the ledger cannot be written or stays locked for half a
// minute; then the test part must not be read.
void record_test_read(const std::string& lab, const TestRead& read);

// All records, in the order in which they were appended. Skips damaged lines. An absent file has
// none.
std::vector<TestRead> test_reads(const std::string& lab);

}  // namespace lea::run
