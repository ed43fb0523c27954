// What baselines without gradient steps share: counts of item pairs, and popularity as the
// fallback.
#pragma once

#include <utility>
#include <vector>

#include "core/api/framework.h"

namespace lea {

// Rows of (item, count): row i says how often each item belongs to item i, by the training data.
class LEA_API PairCounts {
 public:
  // Counts the pairs given, items 1..N.
  PairCounts(int64_t items, std::vector<std::pair<int32_t, int32_t>> pairs);

  // scores[j - 1] += weight * count(item, j) for each j; item 0 adds nothing.
  void add_row(int64_t item, float weight, float* scores) const;

 private:
  std::vector<int64_t> offset_;  // [N + 2]
  std::vector<int32_t> item_;
  std::vector<float> count_;
};

// Scores of the last item's pairs; popularity orders what they leave equal and serves empty
// histories. Popularity stays below one count, so it never overrules one. Equal scores stay equal:
// nothing is broken by item id.
class LEA_API LastItemFramework : public Framework {
 public:
  ~LastItemFramework() override;
  void fit(const TrainingData& training) override;
  Tensor score(const History& history) override;

 protected:
  // Pairs (item, related item) of one training sequence.
  virtual void pairs(const int32_t* items, int64_t count,
                     std::vector<std::pair<int32_t, int32_t>>& out) const = 0;

 private:
  Tensor popularity_;               // [N], sums to less than 1
  std::vector<PairCounts> counts_;  // one, once fitted
};

// [N], the training count of each item, float.
LEA_API Tensor item_counts(const TrainingData& training);

}  // namespace lea
