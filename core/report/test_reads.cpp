#include "core/report/test_reads.h"

#include <algorithm>
#include <set>

#include "core/run/test_reads.h"

namespace lea::report {
namespace {

using Times = std::map<std::string, std::string>;  // uuid -> UTC

void add(Times* times, const std::string& uuid, const std::string& at) {
  const auto [found, added] = times->emplace(uuid, at);
  if (!added) found->second = std::min(found->second, at);
}

// When each run of the lab read the test part of the split that `result` used.
Times times_of(const db::Store& store, const std::vector<run::TestRead>& ledger,
               const run::Result& result) {
  Times times;
  for (const db::TestedRun& run : store.tested(result.data_fingerprint, result.split_fingerprint))
    add(&times, run.uuid, run.at);
  for (const run::TestRead& read : ledger) {
    if (read.data_fingerprint == result.data_fingerprint &&
        read.split_fingerprint == result.split_fingerprint)
      add(&times, read.run, read.at);
  }
  return times;
}

}  // namespace

std::map<std::string, TestReads> count_test_reads(const db::Store& store, const std::string& lab,
                                                  const Pivot& pivot) {
  const std::vector<run::TestRead> ledger = run::test_reads(lab);
  std::map<std::string, std::map<std::string, const run::Result*>> splits;  // by group and split
  std::map<std::string, std::set<std::string>> tested;  // by group: the uuids that show their test
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.finished) {
      splits[row.group].emplace(member.result.split_fingerprint, &member.result);
      if (!member.closed) tested[row.group].insert(member.run.uuid);
    }
  }
  std::map<std::string, TestReads> reads;
  for (const auto& [group, of_group] : splits) {
    const std::set<std::string>& own = tested[group];
    reads[group].by_table = !own.empty();
    for (const auto& [split, result] : of_group) {
      const Times times = times_of(store, ledger, *result);
      std::string first;  // empty when the table shows no test part of this split
      for (const auto& [uuid, at] : times) {
        if (own.contains(uuid) && (first.empty() || at < first)) first = at;
      }
      reads[group].before += std::count_if(times.begin(), times.end(), [&](const auto& time) {
        return !own.contains(time.first) && (first.empty() || time.second < first);
      });
    }
  }
  return reads;
}

}  // namespace lea::report
