// Counts how often the test parts behind a table were read. Whoever has seen the test numbers of earlier
// runs may have chosen by them what to try next, so a reader of the table should know.
#pragma once

#include <map>
#include <string>

#include "core/report/pivot.h"
#include "db/store/store.h"

namespace lea::report {

// For each group of comparable rows. A run has read the test part of a split when the index has test
// metrics of it for this data and split, or the lab's ledger names it (core/run/test_reads.h). It read
// it at the earliest time of its records in the ledger and of its result. A run counts once, however
// often it did.
std::map<std::string, TestReads> count_test_reads(const db::Store& store, const std::string& lab,
                                                  const Pivot& pivot);

}  // namespace lea::report
