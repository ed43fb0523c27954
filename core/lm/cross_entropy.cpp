#include "core/lm/cross_entropy.h"

#include <torch/torch.h>

#include "core/lm/kernels.h"

namespace lea::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kRows = 512;  // whose logits are held at a time

struct Loss : torch::autograd::Function<Loss> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& head,
                        const Tensor& target, const Tensor& weight) {
    const at::NoGradGuard no_grad;
    const bool differentiate = hidden.requires_grad();
    Tensor total = at::zeros({}, weight.options().dtype(at::kDouble));
    Tensor gradient = differentiate ? at::empty_like(hidden) : Tensor();
    for (int64_t first = 0; first < hidden.size(0); first += kRows) {
      const int64_t rows = std::min(kRows, hidden.size(0) - first);
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

Tensor cross_entropy(const Decoder& decoder, const Tensor& hidden, const Tensor& target,
                     const Tensor& weight) {
  return Loss::apply(hidden, decoder.head(), target, weight);
}

}  // namespace lea::lm
