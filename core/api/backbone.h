// A backbone is a sequential model G. It turns a history into a hidden state h_t.
#pragma once

#include <torch/nn/module.h>

#include "core/api/types.h"

namespace lea {

class LEA_API Backbone : public torch::nn::Module {
 public:
  ~Backbone() override;

  virtual int64_t width() const = 0;  // D

  // The hidden states, [B, D]. A row depends on nothing but its own items before `length`: neither
  // on the padding nor on other rows. An empty history has a state as well. Dropout is active while
  // is_training().
  virtual Tensor encode(const History& history) = 0;

  // The parameter [N + 1, D] that the supervised head shall take as its weight: row i is the vector
  // of item i, row 0 that of the padding. Undefined, as by default, when the head has a weight of
  // its own. Frameworks make their head with supervised_head (core/api/heads.h), which asks this.
  virtual Tensor item_embedding() const;
};

}  // namespace lea
