// Output layers over all items, and losses on them that never hold the logits [B, N] of a batch
// together with their gradient. Weights are float [N, D], biases float [N]; row j is of item j + 1.
#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "core/api/backbone.h"
#include "core/api/types.h"

namespace lea {

// delta of Eqs. (7) and (9), register id U2.
enum class Activation { kNone, kRelu };

// One linear layer D -> N: Xavier-uniform weight, zero bias.
class LEA_API ItemHead : public torch::nn::Module {
 public:
  ItemHead(int64_t width, int64_t items, Activation activation = Activation::kNone);
  // A tied head: its weight is the parameter `item_embedding` [N + 1, D] of another module without
  // row 0, and only the bias is its own.
  explicit ItemHead(const Tensor& item_embedding, Activation activation = Activation::kNone);
  ~ItemHead() override;

  // float [B, N]
  Tensor forward(const Tensor& hidden) const;

  // The weight [N, D], of a tied head too.
  Tensor vectors() const;

  Tensor weight, bias;  // a tied head has no weight
  const Activation activation;

 private:
  Tensor item_embedding_;
};

// The supervised head of a backbone, Eq. (7): tied when the backbone has an item_embedding(). Throws
// PluginError when that has another shape than [items + 1, width()].
LEA_API std::shared_ptr<ItemHead> supervised_head(const Backbone& backbone, int64_t items,
                                                  Activation activation = Activation::kNone);

struct CrossEntropy {
  Tensor value;  // scalar: mean over the B rows of sum_m weight * -log softmax(logits)[target]
  Tensor rows;   // float [B, M]: -log softmax(logits)[target] without weights; 0 for a target of 0
};

// The loss of Eqs. (7), (8) and (14). `target` int64 [B, M] holds items 1..N; a target of 0 is left
// out, and the mean is over B all the same. `weight` float [B, M] is 1 where it is undefined, and
// gets no gradient. The M targets of a row share one pass over the logits. The gradients are made
// in this call, block by block, if gradients are enabled now. So `value` may be differentiated
// once.
LEA_API CrossEntropy cross_entropy(const ItemHead& head, const Tensor& hidden, const Tensor& target,
                                   const Tensor& weight = {});

// Q(s, a) of Eq. (9) for a few actions: float [B, K] from `state` float [B, S] and `actions` int64
// [B, K]. Reads only the weights of these actions. An action of 0 gives the value of item 1, which
// the caller must mask.
LEA_API Tensor q_values(const ItemHead& head, const Tensor& state, const Tensor& actions);

// The item with the highest Q(s, a) for each row, int64 [B]. Has no gradient.
LEA_API Tensor best_action(const ItemHead& head, const Tensor& state);

}  // namespace lea
