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
};

}  // namespace lea
