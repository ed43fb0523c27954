// What the baselines that count instead of taking gradient steps share: counts of item pairs, with
// popularity as the fallback.
#pragma once

#include <utility>
#include <vector>

#include "core/api/framework.h"

namespace lea {

// How often each pair of items occurs in the training data.
class LEA_API PairCounts {
 public:
  // Counts equal pairs (item, related item) of items 1..N.
  PairCounts(int64_t items, std::vector<std::pair<int32_t, int32_t>> pairs);

  // Adds weight * count(item, j) to scores[j - 1] for each item j. Item 0 adds nothing.
  void add_row(int64_t item, float weight, float* scores) const;

  // The share of j is count(item, j) divided by the sum over all j; 0 for an item without pairs.
  // Adds weight * share(item, j) to scores[j - 1] for each item j. Item 0 adds nothing.
  void add_shares(int64_t item, double weight, double* scores) const;
  // Adds weight * share(item, i) * share(i, j) to scores[j - 1] for each item j and all items i.
  void add_two_hops(int64_t item, double weight, double* scores) const;

 private:
  double total(int64_t item) const;

  // The related items of item i and their counts stand at offset_[i] .. offset_[i + 1] - 1.
  std::vector<int64_t> offset_;  // [N + 2]
  std::vector<int32_t> item_;
  std::vector<float> count_;
};

// Scores each item by its count of pairs with the last item of the history. Popularity orders the
// items with equal counts, and all items for an empty history. It adds less than one count, so it
// never overrules one. Ties that remain stay ties: the order of item ids decides nothing.
class LEA_API LastItemFramework : public Framework {
 public:
  ~LastItemFramework() override;
  void fit(const TrainingData& training) override;
  Tensor score(const History& history) override;

 protected:
  // Appends the pairs (item, related item) of one training sequence to `out`.
  virtual void pairs(const int32_t* items, int64_t count,
                     std::vector<std::pair<int32_t, int32_t>>& out) const = 0;

 private:
  Tensor popularity_;               // [N], sums to less than 1
  std::vector<PairCounts> counts_;  // empty before fit(), one element after it
};

// How often each item occurs in the training data, float [N].
LEA_API Tensor item_counts(const TrainingData& training);

}  // namespace lea
