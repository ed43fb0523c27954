// A learning framework: what is learnt from a transition, and how items are scored.
#pragma once

#include <torch/nn/module.h>

#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API Framework : public torch::nn::Module {
 public:
  ~Framework() override;

  // Parameter groups. Empty: a baseline without gradient steps, which `fit`s instead.
  virtual std::vector<Group> groups() { return {}; }

  // One training step's loss. Called only when there are groups; the default throws.
  virtual Loss loss(const Transition& transition, const Step& step);

  // Called once before the first step with the training events; baselines count here.
  virtual void fit(const TrainingData& training);

  // float [B, N], higher is better, finite. Called without gradient, in eval mode. `history.items`
  // may hold fewer items than the sequence has: the last T.
  virtual Tensor score(const History& history) = 0;
};

}  // namespace lea
