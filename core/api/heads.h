// Output layers over the whole catalogue, and the losses on them that never hold a [B, N] tensor
// with its gradient. Weights are float [N, D], biases float [N]; row j belongs to item j + 1.
#pragma once

#include <torch/nn/module.h>

#include "core/api/types.h"

namespace lea {

// delta of Eqs. (7) and (9), register id U2.
enum class Activation { kNone, kRelu };

// One linear layer D -> N: Xavier-uniform weight, zero bias.
class LEA_API ItemHead : public torch::nn::Module {
 public:
  ItemHead(int64_t width, int64_t items, Activation activation = Activation::kNone);
  ~ItemHead() override;

  // float [B, N]
  Tensor forward(const Tensor& hidden) const;

  Tensor weight, bias;
  const Activation activation;
};

struct CrossEntropy {
  Tensor value;  // scalar: mean over the B rows of sum_m weight * -log softmax(logits)[target]
  Tensor rows;   // float [B, M]: -log softmax(logits)[target] without weights; 0 where left out
};

// Eqs. (7), (8), (14). `target` int64 [B, M], items 1..N; 0 leaves that target out (the mean stays
// over B). `weight` float [B, M] or undefined (1); no gradient flows to it. The M targets of a row
// share one pass over the logits. Reads the weights' gradient mode now: the gradients are made in
// the forward pass, block by block, and `value` may be differentiated once.
LEA_API CrossEntropy cross_entropy(const ItemHead& head, const Tensor& hidden, const Tensor& target,
                                   const Tensor& weight = {});

// Q(s, a) of Eq. (9) for a few actions: float [B, K] from state float [B, S] and actions int64 [B,
// K]. Touches only those rows of the weights. The action 0 gives the value of item 1: mask it.
LEA_API Tensor q_values(const ItemHead& head, const Tensor& state, const Tensor& actions);

// argmax_a Q(s, a) as items int64 [B]. Without gradient.
LEA_API Tensor best_action(const ItemHead& head, const Tensor& state);

}  // namespace lea
