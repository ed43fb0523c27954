// Turns training events into transitions: histories, negatives, environment states and rewards, and
// the proposals that core/train/proposer.h made.
#pragma once

#include <memory>

#include "core/api/environment.h"
#include "core/train/context.h"
#include "core/train/sampler.h"

namespace lea::train {

// The augmenter's proposals for all training events, and their rewards.
struct Proposals {
  Tensor item;    // int32 [E], 0: no proposal; undefined before the first refresh
  Tensor reward;  // float32 [E]; undefined where the run has no reward environment
};

// Keeps references to all three arguments, which must outlive it. The constructor throws DataError
// when negatives.exclude leaves no item to draw, and ConfigError when the environment in the state
// slot gives no state.
class Transitions {
 public:
  Transitions(const spec::RunSpec& run, const data::Dataset& data, const HostContext& context);

  // The transitions of the given training events, on the run's device. A framework that does not
  // read negatives gets none (K = 0), and the reward environment then gives rewards of the logged
  // items only. Throws PluginError when an environment returns something malformed.
  Transition make(int64_t step, std::span<const int64_t> events, const Proposals& proposals) const;

  // The histories x_{1:t} before the given training events, or x_{1:t+1}, which include the event,
  // when `after` is true. On the CPU.
  History histories(std::span<const int64_t> events, bool after) const;

 private:
  int64_t sequence_of(int64_t event) const;

  const spec::RunSpec& run_;
  const data::Dataset& data_;
  const HostContext& context_;
  std::shared_ptr<Environment> reward_, state_;
  NegativeSampler negatives_;
  std::span<const int64_t> offset_;  // [S + 1]
};

}  // namespace lea::train
