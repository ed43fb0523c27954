// Evaluates a framework on one part of a split by ranking all items.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/api/framework.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"

namespace lea::train {

// A random order of the N columns of scores, int64 [N]. It depends on N, seed and step only.
Tensor tie_order(int64_t items, uint64_t seed, int64_t step);

// The place of each item in tie_order(items, seed, 0): the order of equal scores in top.bin.
std::vector<uint32_t> tie_places(int64_t items, uint64_t seed);

// The k items (1..N) with the greatest scores [B, N] of each row, the best first, int64 [B, k].
// Equal scores are ordered by their places in `order`, so that no item gains by its id.
Tensor best_items(const Tensor& scores, const Tensor& order, int64_t k);

class Evaluator {
 public:
  // `who` names the framework in messages: "framework lea.snqn".
  Evaluator(std::shared_ptr<const data::Dataset> data, std::shared_ptr<const data::Split> split,
            int64_t history, c10::Device device, std::string who = "framework");

  // Ranks the target of each event of the part among all N items, in one pass without sorting.
  // Dropout is off meanwhile. Throws PluginError when a score is NaN. Calls `keep_going` before
  // each chunk of events, and returns an empty file when it returns false. With `top`, also finds the
  // kTopItems best items of each event; equal scores are ordered by tie_places(N, seed).
  eval::RankFile rank(Framework& framework, data::Part part,
                      const std::function<bool()>& keep_going, eval::TopFile* top = nullptr,
                      uint64_t seed = 0) const;

  // Calls `consume` with the scores [rows, N] of the part's events, chunk by chunk, in the order of
  // the data set: of the first `most` events.
  void score(Framework& framework, data::Part part,
             const std::function<void(const Tensor& scores)>& consume,
             size_t most = SIZE_MAX) const;

  // The numbers of the part's events in the data set, ascending.
  const std::vector<uint32_t>& events(data::Part part) const;

 private:
  struct PartEvents {
    std::vector<uint32_t> event, sequence;
  };
  Tensor scores(Framework& framework, const PartEvents& events, size_t begin, size_t end) const;

  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Split> split_;
  int64_t history_;
  c10::Device device_;
  std::string who_;
  std::vector<uint32_t> popularity_;  // [N + 1] the number of training events of each item
  PartEvents parts_[3];
};

}  // namespace lea::train
