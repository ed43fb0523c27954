// Adam over one parameter group, by LibTorch's fused kernel.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/api/types.h"

namespace lea::train {

class Adam {
 public:
  explicit Adam(Group group);

  const Group& group() const { return group_; }

  // Computes the gradients of `loss` for this group's parameters only, then updates them once. A
  // parameter that the loss does not reach keeps its value and its moments. `weight_decay` times a
  // parameter is added to its gradient (L2 regularisation, as PyTorch's Adam has it).
  void step(const Tensor& loss, double learning_rate, double weight_decay = 0);

  // Sets the moments and the step counts to zero.
  void reset();

  // Moments and step counts for checkpoints, by name: "0/mean", "0/square" and "0/steps" belong to
  // the first parameter of the group. They share memory with this object.
  std::map<std::string, Tensor> state() const;
  // Copies prefix + name of `state` for each name of state(). Throws DataError when one is missing
  // or has another shape.
  void load(const std::map<std::string, Tensor>& state, const std::string& prefix);

 private:
  Group group_;
  std::vector<Tensor> mean_, square_, steps_;
};

}  // namespace lea::train
