#include "core/api/recurrent.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <numeric>

#include "core/api/dropout.h"
#include "core/api/gru_kernels.h"
#include "core/api/linear.h"
#include "core/api/products.h"

namespace lea {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Products through our own loops or through LibTorch, of contiguous float matrices on the CPU.
struct Product {
  bool wide;

  // left [m, k] * right [n, k]^T + bias [n]
  void layer(Tensor out, const Tensor& left, const Tensor& right, const Tensor& bias) const {
    if (!wide) {
      at::addmm_out(out, bias, left, right.t());
      return;
    }
    const int64_t depth = left.size(1), columns = right.size(0);
    kernels::multiply(left.size(0), columns, depth, {left.const_data_ptr<float>(), depth, 1},
                      {right.const_data_ptr<float>(), 1, depth}, out.mutable_data_ptr<float>(),
                      columns, {false, bias.const_data_ptr<float>()});
  }
  // out + left [m, k] * right [k, n]
  void add(Tensor out, const Tensor& left, const Tensor& right) const {
    if (!wide) {
      out.addmm_(left, right);
      return;
    }
    kernels::multiply(left.size(0), right.size(1), left.size(1),
                      {left.const_data_ptr<float>(), left.size(1), 1},
                      {right.const_data_ptr<float>(), right.size(1), 1},
                      out.mutable_data_ptr<float>(), right.size(1), {true, nullptr});
  }
  // left [m, k] * right [k, n]
  Tensor plain(const Tensor& left, const Tensor& right) const {
    if (!wide) return at::mm(left, right);
    const Tensor out = at::empty({left.size(0), right.size(1)}, left.options());
    kernels::multiply(left.size(0), right.size(1), left.size(1),
                      {left.const_data_ptr<float>(), left.size(1), 1},
                      {right.const_data_ptr<float>(), right.size(1), 1},
                      out.mutable_data_ptr<float>(), right.size(1));
    return out;
  }
  // left [k, m]^T * right [k, n]
  Tensor turned(const Tensor& left, const Tensor& right) const {
    if (!wide) return at::mm(left.t(), right);
    const Tensor out = at::empty({left.size(1), right.size(1)}, left.options());
    kernels::multiply(left.size(1), right.size(1), left.size(0),
                      {left.const_data_ptr<float>(), 1, left.size(1)},
                      {right.const_data_ptr<float>(), right.size(1), 1},
                      out.mutable_data_ptr<float>(), right.size(1));
    return out;
  }
};

// One GRU layer over packed rows. Step i updates the first rows[i] rows of the state.
class GruLayer : public torch::autograd::Function<GruLayer> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& input_weight,
                        const Tensor& state_weight, const Tensor& input_bias,
                        const Tensor& state_bias, const std::vector<int64_t>& rows) {
    const int64_t width = state_weight.size(1), total = input.size(0);
    const Product product = {takes_products(input_weight) && takes_products(state_weight)};
    const Tensor from_input = at::empty({total, 3 * width}, input.options());
    product.layer(from_input, input, input_weight, input_bias);
    const Tensor gates = at::empty({5, total, width}, input.options());
    const Tensor output = at::empty({total, width}, input.options());
    const Tensor state = at::zeros({rows.front(), width}, input.options());
    const Tensor from_state = at::empty({rows.front(), 3 * width}, input.options());
    float* gate = gates.mutable_data_ptr<float>();
    int64_t begin = 0;
    for (const int64_t count : rows) {
      product.layer(from_state.slice(0, 0, count), state.slice(0, 0, count), state_weight,
                    state_bias);
      const auto at_step = [&](int64_t k) { return gate + (k * total + begin) * width; };
      kernels::gru_step(from_input.const_data_ptr<float>() + 3 * begin * width,
                        from_state.const_data_ptr<float>(), count, width,
                        state.mutable_data_ptr<float>(), at_step(0), at_step(1), at_step(2),
                        at_step(3), at_step(4));
      output.slice(0, begin, begin + count).copy_(state.slice(0, 0, count));
      begin += count;
    }
    context->save_for_backward({input, input_weight, state_weight, gates});
    context->saved_data["rows"] = rows;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const Tensor &input = saved[0], &input_weight = saved[1], &state_weight = saved[2],
                 &gates = saved[3];
    const auto rows = context->saved_data["rows"].toIntVector();
    const int64_t width = state_weight.size(1), total = input.size(0);
    const Product product = {takes_products(input_weight) && takes_products(state_weight)};
    const Tensor outer = incoming[0].contiguous();
    const Tensor to_input = at::empty({total, 3 * width}, input.options());
    const Tensor to_state = at::empty({total, 3 * width}, input.options());
    const Tensor carried = at::zeros({rows.front(), width}, input.options());
    const float* gate = gates.const_data_ptr<float>();
    int64_t begin = total;
    for (auto count = rows.rbegin(); count != rows.rend(); ++count) {
      begin -= *count;
      const auto at_step = [&](int64_t k) { return gate + (k * total + begin) * width; };
      kernels::gru_step_backward(outer.const_data_ptr<float>() + begin * width, *count, width,
                                 at_step(0), at_step(1), at_step(2), at_step(3), at_step(4),
                                 carried.mutable_data_ptr<float>(),
                                 to_input.mutable_data_ptr<float>() + 3 * begin * width,
                                 to_state.mutable_data_ptr<float>() + 3 * begin * width);
      product.add(carried.slice(0, 0, *count), to_state.slice(0, begin, begin + *count),
                  state_weight);
    }
    return {product.plain(to_input, input_weight),
            product.turned(to_input, input),
            product.turned(to_state, gates.select(0, 4)),
            to_input.sum(0),
            to_state.sum(0),
            {}};
  }
};

}  // namespace

PackedHistory pack(const History& history) {
  const int64_t batch = history.items.size(0), positions = history.items.size(1);
  const Tensor place = at::arange(positions, history.items.options());
  const Tensor items = history.items.masked_fill(place.ge(history.length.unsqueeze(1)), 0);
  const Tensor length = history.length.to(at::kCPU).clamp_min(1).contiguous();
  const int64_t* lengths = length.const_data_ptr<int64_t>();
  std::vector<int64_t> order(batch);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });

  PackedHistory packed;
  std::vector<int64_t> source, last(batch);
  int64_t count = batch;
  for (int64_t step = 0; step < positions; ++step) {
    while (count > 0 && lengths[order[count - 1]] <= step) --count;
    if (count == 0) break;
    packed.rows.push_back(count);
    for (int64_t i = 0; i < count; ++i) {
      last[order[i]] = static_cast<int64_t>(source.size());
      source.push_back(order[i] * positions + step);
    }
  }
  const auto device = history.items.device();
  packed.items = items.flatten().index_select(0, at::tensor(source, at::kLong).to(device));
  packed.last = at::tensor(last, at::kLong).to(device);
  return packed;
}

Tensor run_gru(torch::nn::GRUImpl& gru, const Tensor& input, const PackedHistory& packed) {
  const std::vector<Tensor> weights = gru.all_weights();  // four for each layer
  const double dropout = gru.options.dropout();
  if (input.is_cpu() && input.dtype() == at::kFloat) {
    Tensor output = input;
    for (size_t layer = 0; layer < weights.size() / 4; ++layer) {
      if (layer > 0) output = apply_dropout(output, dropout, gru.is_training());
      const Tensor* w = &weights[4 * layer];
      output = GruLayer::apply(output.contiguous(), w[0], w[1], w[2], w[3], packed.rows);
    }
    return output;
  }
  const auto layers = static_cast<int64_t>(weights.size() / 4);
  const Tensor start =
      at::zeros({layers, packed.rows.front(), gru.options.hidden_size()}, input.options());
  return std::get<0>(at::gru(input, at::tensor(packed.rows, at::kLong), start, weights,
                             /*has_biases=*/true, layers, dropout, gru.is_training(),
                             /*bidirectional=*/false));
}

}  // namespace lea
