// The events, negatives and histories of a training step. All of them are pure functions of seed
// and step, so that a resumed run needs no stored random generator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/api/types.h"
#include "core/spec/sections.h"
#include "core/train/popularity_draw.h"

namespace lea::train {

// Draws the batch of each step from training events 0..E-1.
class Sampler {
 public:
  // `sampling` is train.sampling of the spec. With fewer than batch_size events, a batch has all of
  // them.
  Sampler(int64_t events, int64_t batch_size, const std::string& sampling, uint64_t seed);

  // The events of a step. With "replay": distinct events, drawn anew in each step. With "epochs": a
  // slice of the epoch's permutation; the last slice of an epoch may be shorter.
  std::vector<int64_t> batch(int64_t step);

  int64_t steps_per_epoch() const;

 private:
  std::vector<int64_t> replay(int64_t step) const;
  void shuffle(int64_t epoch);

  int64_t events_, batch_size_;
  bool replay_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  std::vector<uint32_t> order_;
};

// Draws negatives from 1..N without the row's action, with replacement inside a row: uniformly, or
// by the popularity that negatives.popularity_power asks for. With a pool, each event has P
// candidates, which depend only on the pool's seed and the event, and each step draws K of them.
class NegativeSampler {
 public:
  NegativeSampler(const spec::NegativesSection& section, const TrainingData& training,
                  uint64_t seed);
  // int64 [B, K]. Row i belongs to events[i], whose action is actions[i]. Throws DataError when no
  // item is left to draw.
  Tensor draw(int64_t step, std::span<const int64_t> events,
              std::span<const int64_t> actions) const;

 private:
  spec::NegativesSection section_;
  int64_t items_;
  std::optional<PopularityDraw> popularity_;
  uint64_t seed_;
};

// The pool of all training events, int64 [E, P]: the candidates that NegativeSampler draws from.
Tensor draw_pool(const spec::NegativesSection& section, int64_t items,
                 const TrainingData& training);

// Right-padded histories. Row i has the last `history` of item[begin[i]], ..., item[end[i] - 1],
// event[i] as its event and place[i] as its place; an empty span gives -1 in each row.
History build_history(std::span<const uint32_t> item, std::span<const int64_t> begin,
                      std::span<const int64_t> end, std::span<const int64_t> event,
                      std::span<const int64_t> place, int64_t history);

History to_device(const History& history, c10::Device device);

}  // namespace lea::train
