#include "core/api/heads.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/init.h>

#include <algorithm>
#include <vector>

#include "core/api/item_products.h"
#include "core/api/linear.h"
#include "core/api/row_kernels.h"
#include "core/base/error.h"

namespace lea {
namespace {

// How many rows of logits are computed at a time. Few enough that the block stays in the last-level
// cache between the passes over it. But each block also reads all weights and updates all of their
// gradient, which costs as much as the passes over 64 rows. With fewer than 128 rows a block, that
// would cost more than the cache saves.
int64_t block_rows(const Tensor& hidden, int64_t items) {
  constexpr int64_t kCacheBytes = 4 << 20, kLeastRows = 128;
  const int64_t rows = hidden.size(0);
  if (!hidden.is_cpu()) return rows;
  return std::clamp<int64_t>(kCacheBytes / (4 * items), std::min(rows, kLeastRows), rows);
}

bool has_kernels(const Tensor& tensor) { return tensor.is_cpu() && tensor.dtype() == at::kFloat; }

// One block of logits, turned into exponentials.
struct Block {
  Tensor exponential;  // [R, N]: exp(logit - max), 0 where relu clamps
  Tensor sum;          // [R]: of the exponentials, clamped ones included
  Tensor log_sum;      // [R]: log of the sum of exp(logit)
  Tensor picked;       // [R, M]: logits of the targets
};

Block plain_block(const Tensor& logits, const Tensor& bias, bool relu, const Tensor& target) {
  logits.add_(bias);
  if (relu) logits.clamp_min_(0);
  const Tensor max = logits.amax(1, /*keepdim=*/true);
  Block block;
  block.picked = logits.gather(1, (target - 1).clamp_min(0));
  const Tensor clamped = relu ? logits.le(0) : Tensor();
  logits.sub_(max).exp_();
  block.sum = logits.sum(1);
  block.log_sum = block.sum.log() + max.squeeze(1);
  if (relu) logits.masked_fill_(clamped, 0);
  block.exponential = logits;
  return block;
}

Block kernel_block(const Tensor& logits, const Tensor& bias, bool relu, const Tensor& target) {
  const int64_t rows = logits.size(0);
  Block block;
  block.picked = at::zeros(target.sizes(), logits.options());
  block.sum = at::empty({rows}, logits.options());
  Tensor max = at::empty({rows}, logits.options());
  kernels::exponentials(logits.mutable_data_ptr<float>(), bias.const_data_ptr<float>(), rows,
                        logits.size(1), relu, target.const_data_ptr<int64_t>(), target.size(1),
                        block.picked.mutable_data_ptr<float>(), max.mutable_data_ptr<float>(),
                        block.sum.mutable_data_ptr<float>());
  block.log_sum = block.sum.log() + max;
  block.exponential = logits;
  return block;
}

// Gradients of sum over rows and targets of scale * -log softmax(logits)[target].
struct Gradients {
  Tensor hidden, weight, bias;
};

// Adds the part of the gradient that comes from the targets: -scale at the logit of each.
void subtract_targets(const Gradients& gradients, const Tensor& hidden, const Tensor& weight,
                      const Tensor& target, const Tensor& scale) {
  const int64_t targets = target.size(1), width = hidden.size(1);
  const Tensor row = (target - 1).clamp_min(0).flatten();  // a target of 0 has scale 0
  const Tensor negative = -scale.flatten();
  gradients.bias.index_add_(0, row, negative);
  const Tensor repeated = hidden.unsqueeze(1).expand({-1, targets, -1}).reshape({-1, width});
  gradients.weight.index_add_(0, row, repeated * negative.unsqueeze(1));
  gradients.hidden.add_(
      (weight.index_select(0, row) * negative.unsqueeze(1)).view({-1, targets, width}).sum(1));
}

// -log softmax(logits)[target] as [B, M]. Fills `gradients`, unless it is null, with those of the
// sum that is weighted by `scale` [B, M].
Tensor negative_log(const Tensor& hidden, const Tensor& weight, const Tensor& bias, bool relu,
                    const Tensor& target, const Tensor& scale, Gradients* gradients) {
  const int64_t rows = hidden.size(0), items = weight.size(0), step = block_rows(hidden, items);
  Tensor result = at::empty(target.sizes(), hidden.options());
  const Tensor buffer = at::empty({step, items}, hidden.options());
  Tensor target_scale = scale;
  if (gradients) {
    gradients->hidden = at::empty_like(hidden);
    gradients->weight = at::empty_like(weight);
    gradients->bias = at::empty_like(bias);
    if (relu) target_scale = at::empty_like(scale);
  }
  for (int64_t begin = 0; begin < rows; begin += step) {
    const int64_t end = std::min(begin + step, rows);
    const Tensor h = hidden.slice(0, begin, end);
    Tensor logits = buffer.slice(0, 0, end - begin);
    at::mm_out(logits, h, weight.t());
    const Tensor wanted = target.slice(0, begin, end);
    const Block block = has_kernels(logits) ? kernel_block(logits, bias, relu, wanted)
                                            : plain_block(logits, bias, relu, wanted);
    result.slice(0, begin, end).copy_(block.log_sum.unsqueeze(1) - block.picked);
    if (!gradients) continue;
    const Tensor factor = scale.slice(0, begin, end).sum(1) / block.sum;  // probability = e / sum
    const double beta = begin == 0 ? 0 : 1;
    at::addmm_out(gradients->weight, gradients->weight, block.exponential.t(),
                  h * factor.unsqueeze(1), beta);
    at::addmv_out(gradients->bias, gradients->bias, block.exponential.t(), factor, beta);
    Tensor to_hidden = gradients->hidden.slice(0, begin, end);
    at::mm_out(to_hidden, block.exponential, weight);
    to_hidden.mul_(factor.unsqueeze(1));
    if (relu) {
      target_scale.slice(0, begin, end).copy_(scale.slice(0, begin, end) * block.picked.gt(0));
    }
  }
  if (gradients) subtract_targets(*gradients, hidden, weight, target, target_scale);
  return result.masked_fill_(target.eq(0), 0);
}

bool all_take_products(const Tensor& state, const Tensor& weight, const Tensor& bias) {
  return takes_products(state) && takes_products(weight) && bias.is_contiguous();
}

kernels::ItemLayer layer_of(const Tensor& weight, const Tensor& bias) {
  return {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), weight.size(0),
          weight.size(1)};
}

// negative_log() through our own products.
Tensor negative_log_wide(const Tensor& hidden, const Tensor& weight, const Tensor& bias, bool relu,
                         const Tensor& target, const Tensor& scale, Gradients* gradients) {
  const Tensor result = at::empty(target.sizes(), hidden.options()), weights = scale.contiguous();
  kernels::ItemEntropy task = {hidden.const_data_ptr<float>(),
                               hidden.size(0),
                               relu,
                               target.const_data_ptr<int64_t>(),
                               weights.const_data_ptr<float>(),
                               target.size(1),
                               result.mutable_data_ptr<float>(),
                               nullptr,
                               nullptr,
                               nullptr};
  if (gradients) {
    *gradients = {at::empty_like(hidden), at::empty_like(weight), at::empty_like(bias)};
    task.to_state = gradients->hidden.mutable_data_ptr<float>();
    task.to_weight = gradients->weight.mutable_data_ptr<float>();
    task.to_bias = gradients->bias.mutable_data_ptr<float>();
  }
  kernels::item_entropy(layer_of(weight, bias), task);
  return result;
}

// Makes the gradients in the forward pass, while each block of logits is in cache.
class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& hidden, const Tensor& weight,
                                                const Tensor& bias, const Tensor& target,
                                                const Tensor& scale, bool relu, bool train) {
    Gradients gradients;
    const auto compute = all_take_products(hidden, weight, bias) ? negative_log_wide : negative_log;
    const Tensor rows =
        compute(hidden, weight, bias, relu, target, scale, train ? &gradients : nullptr);
    if (train) {
      context->save_for_backward({gradients.hidden, gradients.weight, gradients.bias});
    }
    context->mark_non_differentiable({rows});
    return {(rows * scale).sum(), rows};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list incoming) {
    auto gradients = context->get_saved_variables();
    const Tensor& factor = incoming[0];
    // On the CPU reading the factor costs nothing, and it is 1 unless the caller scaled the loss.
    const bool unscaled = factor.is_cpu() && factor.item<double>() == 1;
    if (!unscaled) {
      for (Tensor& gradient : gradients) gradient = gradient * factor;
    }
    return {gradients[0], gradients[1], gradients[2], {}, {}, {}, {}};
  }
};

// Logits of a few items of each row, and gradients of these items alone.
class PickedItems : public torch::autograd::Function<PickedItems> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& state,
                        const Tensor& weight, const Tensor& bias, const Tensor& row, bool relu) {
    const Tensor value = at::empty(row.sizes(), state.options());
    kernels::picked_logits(layer_of(weight, bias), task_of(state, row, relu),
                           value.mutable_data_ptr<float>());
    context->save_for_backward({state, weight, bias, row, value});
    context->saved_data["relu"] = relu;
    return value;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const Tensor &state = saved[0], &weight = saved[1], &bias = saved[2];
    const Tensor to_state = at::empty_like(state), to_weight = at::zeros_like(weight),
                 to_bias = at::zeros_like(bias), outer = incoming[0].contiguous();
    kernels::picked_gradients(
        layer_of(weight, bias), task_of(state, saved[3], context->saved_data["relu"].toBool()),
        saved[4].const_data_ptr<float>(), outer.const_data_ptr<float>(),
        to_state.mutable_data_ptr<float>(), to_weight.mutable_data_ptr<float>(),
        to_bias.mutable_data_ptr<float>());
    return {to_state, to_weight, to_bias, {}, {}};
  }

 private:
  static kernels::PickedLogits task_of(const Tensor& state, const Tensor& row, bool relu) {
    return {state.const_data_ptr<float>(), row.const_data_ptr<int64_t>(), row.size(0), row.size(1),
            relu};
  }
};

}  // namespace

ItemHead::ItemHead(int64_t width, int64_t items, Activation delta) : activation(delta) {
  weight = register_parameter("weight", at::empty({items, width}));
  bias = register_parameter("bias", at::zeros({items}));
  torch::nn::init::xavier_uniform_(weight);
}

ItemHead::ItemHead(const Tensor& item_embedding, Activation delta)
    : activation(delta), item_embedding_(item_embedding) {
  bias = register_parameter("bias", at::zeros({item_embedding.size(0) - 1}));
}

ItemHead::~ItemHead() = default;

Tensor ItemHead::vectors() const { return weight.defined() ? weight : item_embedding_.slice(0, 1); }

Tensor ItemHead::forward(const Tensor& hidden) const {
  const Tensor logits = apply_linear(hidden, vectors(), bias);
  return activation == Activation::kRelu ? at::relu(logits) : logits;
}

std::shared_ptr<ItemHead> supervised_head(const Backbone& backbone, int64_t items,
                                          Activation activation) {
  const int64_t width = backbone.width();
  const Tensor embedding = backbone.item_embedding();
  if (!embedding.defined()) return std::make_shared<ItemHead>(width, items, activation);
  if (embedding.sizes() != at::IntArrayRef{items + 1, width}) {
    throw PluginError("backbone: item_embedding() must be [" + std::to_string(items + 1) + ", " +
                      std::to_string(width) + "], as many items and the padding by width()");
  }
  return std::make_shared<ItemHead>(embedding, activation);
}

CrossEntropy cross_entropy(const ItemHead& head, const Tensor& hidden, const Tensor& target,
                           const Tensor& weight) {
  const double share = 1.0 / static_cast<double>(hidden.size(0));
  const Tensor kept = target.ne(0).to(hidden.scalar_type());
  const Tensor scale = (weight.defined() ? weight.detach() * kept : kept) * share;
  const Tensor vectors = head.vectors();
  const bool train =
      at::GradMode::is_enabled() && (hidden.requires_grad() || vectors.requires_grad());
  const auto output =
      LinearCrossEntropy::apply(hidden.contiguous(), vectors, head.bias, target.contiguous(), scale,
                                head.activation == Activation::kRelu, train);
  return {output[0], output[1]};
}

Tensor q_values(const ItemHead& head, const Tensor& state, const Tensor& actions) {
  const Tensor row = (actions - 1).clamp_min(0);
  const Tensor vectors = head.vectors(), input = state.contiguous();
  if (all_take_products(input, vectors, head.bias)) {
    return PickedItems::apply(input, vectors, head.bias, row.contiguous(),
                              head.activation == Activation::kRelu);
  }
  const Tensor weight = at::embedding(head.vectors(), row);                   // [B, K, S]
  const Tensor bias = at::embedding(head.bias.unsqueeze(1), row).squeeze(2);  // [B, K]
  const Tensor value = at::matmul(weight, state.unsqueeze(2)).squeeze(2) + bias;
  return head.activation == Activation::kRelu ? at::relu(value) : value;
}

Tensor best_action(const ItemHead& head, const Tensor& state) {
  const at::NoGradGuard no_grad;
  const Tensor vectors = head.vectors();
  const int64_t rows = state.size(0), items = vectors.size(0);
  if (!has_kernels(state)) {
    return at::argmax(at::addmm(head.bias, state, vectors.t()), 1).add_(1);
  }
  const Tensor input = state.contiguous();
  const int64_t step = block_rows(input, items);
  const Tensor buffer = at::empty({step, items}, input.options());
  Tensor column = at::empty({rows}, input.options().dtype(at::kLong));
  if (all_take_products(input, vectors, head.bias)) {
    kernels::best_columns(layer_of(vectors, head.bias), input.const_data_ptr<float>(), rows,
                          column.mutable_data_ptr<int64_t>());
    return column.add_(1);
  }
  for (int64_t begin = 0; begin < rows; begin += step) {
    const int64_t end = std::min(begin + step, rows);
    Tensor logits = buffer.slice(0, 0, end - begin);
    at::mm_out(logits, input.slice(0, begin, end), vectors.t());
    kernels::argmax(logits.const_data_ptr<float>(), head.bias.const_data_ptr<float>(), end - begin,
                    items, column.mutable_data_ptr<int64_t>() + begin);
  }
  return column.add_(1);
}

}  // namespace lea
