// The ranks of the targets of one evaluation: their file, and all metrics that are computed from
// them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/sections.h"

namespace lea::eval {

// One evaluated event under full ranking over all N items. `rank` is 1 + the number of items with a
// strictly greater score, and `ties` is the number of other items with an equal score. Every tie
// policy follows from the two.
struct RankRecord {
  uint32_t sequence;    // index in the data set
  uint32_t position;    // of the target in its sequence; 0 = empty history
  uint32_t target;      // item 1..N
  uint32_t popularity;  // training events of the target
  uint32_t rank, ties;  // among all items
  // The same among the target and the items that did not occur earlier in the sequence.
  uint32_t rank_unseen, ties_unseen;
};
static_assert(sizeof(RankRecord) == 32);

struct RankFile {
  std::string data_fingerprint, split_fingerprint;  // 64 hex digits each
  uint32_t items = 0;                               // N
  std::vector<RankRecord> records;                  // in data order
};

// The format of ranks.bin is the frame of frame.h with the name "LEARANK1". A record is a RankRecord,
// 32 bytes.
//
// encode_ranks throws DataError for an invalid record. decode_ranks throws DataError that names the
// byte offset of the error; `where` names the file in messages.
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

// The protocol that the section `evaluate` of a spec describes.
Protocol protocol_of(const spec::EvaluateSection& section);

// Metrics over the events of one ranking. Every event has one relevant item, with rank r:
//   HR@k    mean of [r <= k]
//   NDCG@k  mean of [r <= k] / log2(r + 1)
//   MRR@k   mean of [r <= k] / r
//
// r is rank + ties (pessimistic), rank (optimistic), or uniform over rank .. rank + ties (expected;
// the mean is exact). Names are "hr@5", "ndcg@5", "mrr@5". Throws DataError when no event is left
// to evaluate.
std::map<std::string, double> metrics(const std::vector<RankRecord>& records,
                                      const Protocol& protocol);

// What one metric gains on the events of one sequence.
struct SequenceGain {
  uint32_t sequence;
  int64_t events;  // at least 1
  double sum;      // over these events
};

// The gains of each sequence that has an event, by rising index. All sums divided by all events are
// the metric of the ranking. `metric` is a name such as "ndcg@20"; its cut need not be in
// protocol.k. Throws ConfigError for a name that is not a metric.
std::vector<SequenceGain> sequence_gains(const std::vector<RankRecord>& records,
                                         const Protocol& protocol, const std::string& metric);

// The same metrics for slices of the events:
//   history:0|1-2|3-5|6-10|11+   by the number of events before the target
//   popularity:head|middle|tail  by the number of training events of the target
//
// For popularity, the targets of this ranking are sorted by falling number of training events. The
// head are the targets with the first 20 % of all their training events, the middle those with the
// next 60 %, and the tail are the other targets and those without a training event. Targets with
// equal numbers share the slice of the first of them. Slices without events are absent; the others
// come in the order above.
using Slices = std::vector<std::pair<std::string, std::map<std::string, double>>>;
Slices slices(const std::vector<RankRecord>& records, const Protocol& protocol);

// Splits "ndcg@20" into ("ndcg", 20). Throws ConfigError unless `name` is hr@K, ndcg@K or mrr@K
// with K >= 1.
std::pair<std::string, int64_t> parse_metric(const std::string& name);

// Checks the bounds that metrics of one ranking obey for any ranks: values are in 0 .. 1, no metric
// falls with growing k, and NDCG and MRR rise within the limits that the rise of HR allows. Returns
// one sentence for each bound that is broken by more than `slack`, and one for each name that is
// not a metric.
std::vector<std::string> broken_bounds(const std::map<std::string, double>& metrics, double slack);

// Counts the scores above and equal to the target's in one row of N scores. `target` is 0-based.
// Returns false when a score is NaN. The counts serve all k at once, so no row is ever sorted.
struct Count {
  uint32_t above, equal;  // `equal` excludes the target itself
};
bool count_row(const float* scores, int64_t items, int64_t target, Count* count);

// How many events are scored and counted at a time. Few rows of scores stay in the cache until they
// are counted; with many items the product that gives them wants more rows, because the vectors of the
// items leave the cache meanwhile. The scores [rows, items] take at most 256 MiB, or one row.
int64_t rows_at_a_time(int64_t items);

}  // namespace lea::eval
