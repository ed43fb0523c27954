// The rank of the target for every evaluated event, as a file, and every metric that follows from
// it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/sections.h"

namespace lea::eval {

// Full ranking over all N items. `rank` is 1 + the number of items with a strictly greater score,
// `ties` the number of other items with an equal score: every tie policy follows from the two.
struct RankRecord {
  uint32_t sequence;    // index in the data set
  uint32_t position;    // of the target in its sequence; 0 = empty history
  uint32_t target;      // item 1..N
  uint32_t popularity;  // training events of the target
  uint32_t rank, ties;  // among all items
  // Among the target and the items that the sequence has not had yet.
  uint32_t rank_unseen, ties_unseen;
};
static_assert(sizeof(RankRecord) == 32);

struct RankFile {
  std::string data_fingerprint, split_fingerprint;  // 64 hex digits each
  uint32_t items = 0;                               // N
  std::vector<RankRecord> records;                  // in data order
};

// ranks.bin: "LEARANK1", u32 record size, u32 items, u64 count, two fingerprints, the records, then
// the sha256 of all that. Little-endian. Throws DataError naming the byte offset of what is wrong.
std::string encode_ranks(const RankFile& file);
RankFile decode_ranks(const std::string& bytes, const std::string& where);

enum class Ties { kPessimistic, kExpected, kOptimistic };
Ties ties_from(const std::string& name);

struct Protocol {
  std::vector<int64_t> k = {5, 10, 20};
  Ties ties = Ties::kPessimistic;
  bool remove_seen = false;
  bool first_event = true;
};

// What the section `evaluate` of a spec asks for.
Protocol protocol_of(const spec::EvaluateSection& section);

// Metrics over the events of one ranking, with one relevant item each:
//   HR@k = mean [r <= k],  NDCG@k = mean [r <= k] / log2(r + 1),  MRR@k = mean [r <= k] / r.
// r is rank + ties (pessimistic), rank (optimistic), or uniform over rank .. rank + ties (expected;
// the mean is exact). Names are "hr@5", "ndcg@5", "mrr@5". Throws DataError on an empty selection.
std::map<std::string, double> metrics(const std::vector<RankRecord>& records,
                                      const Protocol& protocol);

// The same by slice. "history:0|1-2|3-5|6-10|11+": events before the target.
// "popularity:head|middle|tail": the targets of this ranking by falling number of training events;
// head are those that make up the first 20 % of all their training events, middle the next 60 %,
// tail the rest and what training never saw. Targets with equal numbers share a slice, where the
// first of them falls. Slices without events are absent; the others come in the order above.
using Slices = std::vector<std::pair<std::string, std::map<std::string, double>>>;
Slices slices(const std::vector<RankRecord>& records, const Protocol& protocol);

// Splits "ndcg@20" into ("ndcg", 20). Throws ConfigError for anything but hr@K, ndcg@K, mrr@K with
// K >= 1.
std::pair<std::string, int64_t> parse_metric(const std::string& name);

// The bounds that metrics of one ranking obey whatever the ranks are: values in 0 .. 1, none falls
// with k, and NDCG and MRR rise by no less and no more than the rise of HR allows. Returns one
// sentence for each bound that is broken by more than `slack`, and for each name that is not a
// metric.
std::vector<std::string> broken_bounds(const std::map<std::string, double>& metrics, double slack);

// Counts scores above and equal to the target's in one row of N scores. `target` is 0-based.
// Returns false when any score is NaN. This is the whole ranking: no sort, all k at once.
struct Count {
  uint32_t above, equal;  // `equal` excludes the target itself
};
bool count_row(const float* scores, int64_t items, int64_t target, Count* count);

}  // namespace lea::eval
