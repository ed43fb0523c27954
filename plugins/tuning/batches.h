// The batches of the training and their sampled items. All of them are pure functions of the settings'
// seed and the step, so that an interrupted training goes on without a stored random generator.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/item_draw.h"
#include "core/api/types.h"
#include "plugins/tuning/settings.h"

namespace lea {

// A row of a batch: a training event with a history that is not empty.
struct TuningRow {
  int64_t sequence = 0, event = 0;  // of the portion
  int64_t end = 0;                  // items before it in its sequence
};

class TuningBatches {
 public:
  // Throws DataError when there are steps to take, but no event has a history.
  TuningBatches(const TuningSettings& settings, const TrainingData& part);

  int64_t steps() const { return steps_; }  // of the whole training

  // The rows of a step, by sequence and event. A step takes a slice of its epoch's permutation; the
  // last slice of an epoch may be shorter.
  std::vector<TuningRow> rows(int64_t step);

  // Items a^- of each row, int64 [B, K]: never an item of the row's training sequence. Throws
  // DataError for a sequence that leaves none.
  at::Tensor negatives(int64_t step, const std::vector<TuningRow>& rows) const;

 private:
  void shuffle(int64_t epoch);

  const TuningSettings settings_;
  const TrainingData part_;
  std::vector<std::vector<TuningRow>> units_;  // what a batch counts: events or sequences
  std::optional<PopularityDraw> popularity_;
  int64_t per_epoch_ = 0, steps_ = 0, epoch_ = -1;
  std::vector<int64_t> order_;
};

// An item that does not stand in the sequence, drawn uniformly, or by popularity where that is given.
// Throws DataError, which begins with `plugin`, when there is none.
int64_t item_outside(const TrainingData& training, int64_t sequence, uint64_t bits,
                     const std::optional<PopularityDraw>& popularity, const std::string& plugin);

}  // namespace lea
