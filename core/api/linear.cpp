#include "core/api/linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <atomic>

#include "core/api/products.h"
#include "core/base/wide_products.h"

namespace lea {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::atomic<Products> forced = Products::kByMachine;

Tensor product(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const int64_t rows = input.size(0), depth = input.size(1), columns = weight.size(0);
  const Tensor output = at::empty({rows, columns}, input.options());
  kernels::multiply(rows, columns, depth, {input.const_data_ptr<float>(), depth, 1},
                    {weight.const_data_ptr<float>(), 1, depth}, output.mutable_data_ptr<float>(),
                    columns, {false, bias.defined() ? bias.const_data_ptr<float>() : nullptr});
  return output;
}

// input [R, K], weight [N, K]
class Linear : public torch::autograd::Function<Linear> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const Tensor& bias) {
    context->save_for_backward({input, weight});
    return product(input, weight, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const Tensor &input = saved[0], &weight = saved[1];
    const Tensor outer = incoming[0].contiguous();
    const int64_t rows = input.size(0), depth = input.size(1), columns = weight.size(0);
    const float* to_output = outer.const_data_ptr<float>();
    variable_list gradients(3);
    if (context->needs_input_grad(0)) {
      gradients[0] = at::empty_like(input);
      kernels::multiply(rows, depth, columns, {to_output, columns, 1},
                        {weight.const_data_ptr<float>(), depth, 1},
                        gradients[0].mutable_data_ptr<float>(), depth);
    }
    if (context->needs_input_grad(1)) {
      gradients[1] = at::empty_like(weight);
      kernels::multiply(columns, depth, rows, {to_output, 1, columns},
                        {input.const_data_ptr<float>(), depth, 1},
                        gradients[1].mutable_data_ptr<float>(), depth);
    }
    if (context->needs_input_grad(2)) gradients[2] = outer.sum(0);
    return gradients;
  }
};

}  // namespace

void force_products(Products path) { forced = path; }

bool takes_products(const Tensor& matrix) {
  const bool wide = forced == Products::kByMachine ? wide_products() : forced == Products::kWide;
  return wide && matrix.is_cpu() && matrix.dtype() == at::kFloat && matrix.dim() == 2 &&
         matrix.is_contiguous() && matrix.numel() > 0;
}

Tensor apply_linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  if (!takes_products(weight) || input.dtype() != at::kFloat || input.numel() == 0 ||
      (bias.defined() && !bias.is_contiguous())) {
    return at::linear(input, weight, bias.defined() ? std::optional<Tensor>(bias) : std::nullopt);
  }
  const Tensor rows = input.reshape({-1, input.size(-1)}).contiguous();
  const bool train =
      at::GradMode::is_enabled() &&
      (rows.requires_grad() || weight.requires_grad() || (bias.defined() && bias.requires_grad()));
  const Tensor output = train ? Linear::apply(rows, weight, bias) : product(rows, weight, bias);
  std::vector<int64_t> shape = input.sizes().vec();
  shape.back() = weight.size(0);
  return output.view(shape);
}

}  // namespace lea
