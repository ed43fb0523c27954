// The events, negatives and histories of a training step. All of them are pure functions of seed
// and step, so that a resumed run needs no stored random generator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/api/item_draw.h"
#include "core/api/types.h"
#include "core/spec/sections.h"

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

// Which items may be drawn as negatives of a training event: those of 1..N that negatives.exclude
// does not name. How likely each of them is, is decided by what draws.
class AllowedItems {
 public:
  // `exclude` is negatives.exclude of the spec. Throws DataError when an event is left without an
  // item because of its history or sequence.
  AllowedItems(const std::string& exclude, const TrainingData& training);

  // The items that may not be drawn at an event, ascending and distinct. The logged item is always
  // among them. The result is valid until the next call with the same `room`.
  std::span<const int64_t> excluded(int64_t event, std::vector<int64_t>& room) const;

  int64_t items() const { return training_.items; }  // N

 private:
  void sort_sequences(const std::string& exclude);

  TrainingData training_;
  bool history_, sequence_;
  // With `history` and `sequence`: the distinct items of sequence s, ascending, are
  // item_[begin_[s]] to item_[begin_[s + 1] - 1], and first_ has the first event of each there.
  std::vector<int64_t> begin_, first_;
  std::vector<int32_t> item_;
};

// Draws one allowed item: each with the same probability, or by negatives.popularity_power.
class ItemDraw {
 public:
  // Throws what AllowedItems throws.
  ItemDraw(const spec::NegativesSection& section, const TrainingData& training);

  // The items that random bits [n] choose at a training event go to out [n]. Throws DataError when
  // no allowed item has a training event, which draws by popularity need.
  void items(int64_t event, std::span<const uint64_t> bits, int64_t* out) const;

 private:
  AllowedItems allowed_;
  std::optional<PopularityDraw> popularity_;
};

// Draws negatives: from the allowed items, with replacement inside a row. With a pool, uniformly
// from the event's row of it.
class NegativeSampler {
 public:
  // `pool` is that of draw_pool; undefined when the run has none.
  NegativeSampler(const spec::NegativesSection& section, const TrainingData& training, Tensor pool,
                  uint64_t seed);
  // int64 [B, K]. Row i belongs to training event events[i]. Throws what ItemDraw::items throws.
  Tensor draw(int64_t step, std::span<const int64_t> events) const;

 private:
  int64_t count_;
  uint64_t seed_;
  ItemDraw draw_;
  Tensor pool_;
};

// The pool of all training events, int64 [E, P]: P items of each event, drawn from those that are
// allowed there, with repeats. It depends on the section and the training events alone. Throws what
// ItemDraw throws.
Tensor draw_pool(const spec::NegativesSection& section, const TrainingData& training);

// Right-padded histories. Row i has the last `history` of item[begin[i]], ..., item[end[i] - 1],
// event[i] as its event and place[i] as its place; an empty span gives -1 in each row.
History build_history(std::span<const uint32_t> item, std::span<const int64_t> begin,
                      std::span<const int64_t> end, std::span<const int64_t> event,
                      std::span<const int64_t> place, int64_t history);

History to_device(const History& history, c10::Device device);

}  // namespace lea::train
