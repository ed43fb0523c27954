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

  // Gradients of `loss` for this group's parameters alone, then one update. Parameters that the
  // loss does not reach stay as they are, moments included. Returns the learning rate that was
  // used.
  void step(const Tensor& loss, double learning_rate);

  // Forgets the moments and the step count.
  void reset();

  // Moments and step counts by "<parameter number>/<name>", for checkpoints. `load` needs the same
  // names.
  std::map<std::string, Tensor> state() const;
  void load(const std::map<std::string, Tensor>& state, const std::string& prefix);

 private:
  Group group_;
  std::vector<Tensor> mean_, square_, steps_;
};

}  // namespace lea::train
