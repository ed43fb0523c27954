// A framework decides what is learnt from a transition and how items are scored.
#pragma once

#include <torch/nn/module.h>

#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API Framework : public torch::nn::Module {
 public:
  ~Framework() override;

  // The groups of parameters that are trained. Empty for a baseline without gradient steps, which
  // learns in `fit` instead.
  virtual std::vector<Group> groups() { return {}; }

  // The loss of one training step. The host calls it only when there are groups. The default
  // throws.
  virtual Loss loss(const Transition& transition, const Step& step);

  // The host calls it once, before the first step. Baselines count here. The default does nothing.
  virtual void fit(const TrainingData& training);

  // The scores of all items, float [B, N], finite; a higher score is a better item. A history holds
  // the last T items of a longer sequence. The host calls it without gradient, in eval mode.
  virtual Tensor score(const History& history) = 0;
};

}  // namespace lea
