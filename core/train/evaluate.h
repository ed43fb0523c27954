// Full-ranking evaluation of a framework on one part of a split.
#pragma once

#include <functional>
#include <memory>

#include "core/api/framework.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/ranks.h"

namespace lea::train {

// A seeded order of the N columns of scores, long [N].
Tensor tie_order(int64_t items, uint64_t seed, int64_t step);

// The k items (1..N) with the greatest scores of each row, the best first, long [B, k].
// Equal scores are told apart by their places in `order`, so that no id decides.
Tensor best_items(const Tensor& scores, const Tensor& order, int64_t k);

class Evaluator {
 public:
  Evaluator(std::shared_ptr<const data::Dataset> data, std::shared_ptr<const data::Split> split,
            int64_t history, c10::Device device);

  // Ranks the target of every event of the part, all N items, one pass, no sort. Dropout off.
  // Throws PluginError when a score is NaN. `keep_going` is asked once a chunk; false stops with an
  // empty file.
  eval::RankFile rank(Framework& framework, data::Part part,
                      const std::function<bool()>& keep_going) const;

  // Scores [rows, N] of the part's events in data order, chunk by chunk, for export.
  void score(Framework& framework, data::Part part,
             const std::function<void(const Tensor& scores)>& consume) const;

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
  std::vector<uint32_t> popularity_;  // [N + 1] training events of each item
  PartEvents parts_[3];
};

}  // namespace lea::train
