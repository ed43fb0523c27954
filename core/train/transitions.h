// Turns training events into transitions: histories, negatives, environment states and rewards,
// proposals.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/api/augmenter.h"
#include "core/api/environment.h"
#include "core/train/context.h"
#include "core/train/sampler.h"

namespace lea::train {

// What the augmenter proposed for every training event, and what the reward slot says of it.
struct Proposals {
  Tensor item;    // int32 [E], 0 = none; undefined before the first refresh
  Tensor reward;  // float [E]
};

class Transitions {
 public:
  Transitions(const spec::RunSpec& run, const data::Dataset& data, const HostContext& context);

  // The transition of some training events, on the run's device. A framework that does not read
  // negatives gets none (K = 0), and the reward environment is asked for the logged items alone.
  Transition make(int64_t step, std::span<const int64_t> events, const Proposals& proposals) const;

  // Ranks the items for all training histories with the framework as it is (dropout off, equal
  // scores in an order drawn from seed and step, never by item id), hands the best to the augmenter
  // and scores what it proposes. `keep_going` is asked once a chunk; false gives nothing.
  std::optional<Proposals> propose(Framework& framework, int64_t step,
                                   const std::function<bool()>& keep_going) const;

  // x_{1:t} of training events, and x_{1:t+1} with `after`. On the CPU.
  History histories(std::span<const int64_t> events, bool after) const;

 private:
  int64_t sequence_of(int64_t event) const;

  const spec::RunSpec& run_;
  const data::Dataset& data_;
  const HostContext& context_;
  std::shared_ptr<Environment> reward_, state_;
  std::shared_ptr<Augmenter> augmenter_;
  NegativeSampler negatives_;
  std::span<const int64_t> offset_;  // [S + 1]
};

}  // namespace lea::train
