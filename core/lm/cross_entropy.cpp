#include "core/lm/cross_entropy.h"

#include <torch/torch.h>

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/base/error.h"
#include "core/lm/row_loops.h"

namespace lea::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Replaces a row of logits with its gradient. Returns the row's loss.
template <typename T>
double cross_entropy_of_row(T* logits, int64_t size, int64_t target, float weight) {
  Floats chunk{};
  const auto for_each_chunk = [&](auto body) {
    for (int64_t first = 0; first < size; first += kChunk) {
      const int64_t count = std::min(kChunk, size - first);
      widen(logits + first, chunk.data(), count);
      body(first, count);
    }
  };
  float most = -INFINITY;
  for_each_chunk(
      [&](int64_t, int64_t count) { most = std::max(most, largest(chunk.data(), count)); });
  double sum = 0;
  for_each_chunk([&](int64_t, int64_t count) {
    exponentials(chunk.data(), most, count);
    sum += sum_of(chunk.data(), count);
  });
  const double loss = weight * (most + std::log(sum) - static_cast<float>(logits[target]));
  const auto share = static_cast<float>(weight / sum);
  for_each_chunk([&](int64_t first, int64_t count) {
    exponentials(chunk.data(), most, count);
    scale(chunk.data(), share, count);
    if (target >= first && target < first + count)
      chunk[static_cast<size_t>(target - first)] -= weight;
    narrow(chunk.data(), logits + first, count);
  });
  return loss;
}

struct Loss : torch::autograd::Function<Loss> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& head,
                        const Tensor& target, const Tensor& weight) {
    const at::NoGradGuard no_grad;
    const bool differentiate = hidden.requires_grad();
    Tensor total = at::zeros({}, weight.options().dtype(at::kDouble));
    Tensor gradient = differentiate ? at::empty_like(hidden) : Tensor();
    for (int64_t first = 0; first < hidden.size(0); first += kRowsOfLoss) {
      const int64_t rows = std::min(kRowsOfLoss, hidden.size(0) - first);
      const Tensor some = hidden.narrow(0, first, rows);
      Tensor logits = at::linear(some, head);
      total += cross_entropy_in_place(logits, target.narrow(0, first, rows),
                                      weight.narrow(0, first, rows));
      if (!differentiate) continue;
      Tensor part = gradient.narrow(0, first, rows);
      at::mm_out(part, logits, head);
    }
    if (differentiate) context->save_for_backward({gradient});
    return total.to(at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const Tensor gradient = context->get_saved_variables()[0];
    return {gradient * outer[0].to(gradient.scalar_type()), {}, {}, {}};
  }
};

}  // namespace

Tensor cross_entropy_in_place(Tensor& logits, const Tensor& target, const Tensor& weight) {
  const int64_t rows = logits.size(0), size = logits.size(1);
  if (!has_kernel(logits)) {
    const Tensor wanted = target.unsqueeze(1), share = weight.unsqueeze(1);
    Tensor wide = logits.log_softmax(1, at::kFloat);
    const Tensor loss = -(wide.gather(1, wanted) * share).sum(at::kDouble);
    wide.exp_().mul_(share).scatter_add_(1, wanted, share.neg());
    logits = wide.to(logits.scalar_type());
    return loss;
  }
  std::vector<double> losses(static_cast<size_t>(rows));
  const Tensor targets = target.contiguous(), weights = weight.contiguous();
  for_type(logits, [&](auto type) {
    using T = decltype(type);
    T* values = logits.mutable_data_ptr<T>();
    for_rows(rows, size, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        losses[static_cast<size_t>(i)] =
            cross_entropy_of_row(values + i * size, size, targets.const_data_ptr<int64_t>()[i],
                                 weights.const_data_ptr<float>()[i]);
      }
    });
  });
  return at::scalar_tensor(std::accumulate(losses.begin(), losses.end(), 0.0), at::kDouble);
}

Tensor cross_entropy(const Decoder& decoder, const Tensor& hidden, const Tensor& target,
                     const Tensor& weight) {
  if (decoder.head().adapter) {
    throw DataError(
        "the adapter changes lm_head, of which this loss has no gradient; leave it out of the "
        "target modules.");
  }
  const auto [smallest, largest] = target.aminmax();
  if (smallest.item<int64_t>() < 0 || largest.item<int64_t>() >= decoder.config().vocabulary)
    throw std::invalid_argument("cross_entropy: a target beyond the vocabulary");
  return Loss::apply(hidden, decoder.head().weight, target, weight);
}

}  // namespace lea::lm
