// A sequential model G: from a history to a hidden state h_t.
#pragma once

#include <torch/nn/module.h>

#include "core/api/types.h"

namespace lea {

class LEA_API Backbone : public torch::nn::Module {
 public:
  ~Backbone() override;

  virtual int64_t width() const = 0;  // D

  // [B, D]. What lies after `length` and what the other rows hold must not change a row; an empty
  // history has a defined state. Dropout follows is_training().
  virtual Tensor encode(const History& history) = 0;
};

}  // namespace lea
