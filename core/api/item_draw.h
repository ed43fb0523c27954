// Draws items for negatives: uniformly, or with probabilities proportional to a power of their
// training counts. The caller brings the random bits (lea::mix), so that nothing here has a state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/api/types.h"

namespace lea {

// Maps random bits uniformly to 0..n-1. The bias is below n / 2^64.
LEA_API int64_t below(uint64_t bits, int64_t n);

// Item number n, counted from 0, of those items from 1 on that `excluded` does not hold, in
// ascending order. `excluded` is ascending and distinct.
LEA_API int64_t allowed_item(int64_t n, std::span<const int64_t> excluded);

class LEA_API PopularityDraw {
 public:
  // An item that occurs c times in the training data has the weight c^power, rounded to whole units
  // of 2^-32 of the greatest weight, but at least one unit. An item that does not occur has none and
  // is never drawn, also with a power of 0.
  PopularityDraw(const TrainingData& training, double power);

  // The item that random bits choose among those that are not excluded, each in proportion to its
  // weight. `excluded` is ascending, without repeats. 0 when no item with a weight is left.
  int64_t item(uint64_t bits, std::span<const int64_t> excluded) const;

 private:
  std::vector<uint64_t> before_;  // [N + 1], the summed weights of the items before item j + 1
};

}  // namespace lea
