#include "core/lm/kernels.h"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "core/base/clones.h"
#include "core/base/fast_math.h"
#include "core/lm/row_loops.h"
#include "core/lm/vector_math.h"

namespace lea::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

[[maybe_unused]] const bool settled = settle_vector_math();

LEA_CLONES
void gate_forward(const float* gate, float* up, int64_t count) {
  for (int64_t i = 0; i < count; ++i) up[i] *= gate[i] * kernels::sigmoid(gate[i]);
}

// Replaces gate and up with their gradients.
LEA_CLONES
void gate_backward(const float* outer, float* gate, float* up, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float share = kernels::sigmoid(gate[i]);
    const float silu = gate[i] * share;
    gate[i] = outer[i] * up[i] * (share + silu * (1.0F - share));
    up[i] = outer[i] * silu;
  }
}

LEA_CLONES
void turn(float* first, float* second, const float* cos, const float* sin, float sign,
          int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float a = first[i], b = second[i], s = sign * sin[i];
    first[i] = a * cos[i] - b * s;
    second[i] = b * cos[i] + a * s;
  }
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor compute(const Tensor& x, const Tensor& weight, double epsilon) {
    const int64_t width = x.size(-1), rows = x.numel() / width;
    Tensor y = at::empty_like(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      const T *from = x.const_data_ptr<T>(), *weights = weight.const_data_ptr<T>();
      T* to = y.mutable_data_ptr<T>();
      for_rows(rows, width, [&](int64_t begin, int64_t end) {
        std::vector<float> row(static_cast<size_t>(width)), by(row.size());
        widen(weights, by.data(), width);
        for (int64_t i = begin; i < end; ++i) {
          widen(from + i * width, row.data(), width);
          scale(row.data(), inverse_rms(row, epsilon), width);
          narrow(row.data(), to + i * width, width);  // transformers rounds here as well
          widen(to + i * width, row.data(), width);
          multiply(row.data(), by.data(), width);
          narrow(row.data(), to + i * width, width);
        }
      });
    });
    return y;
  }

  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        double epsilon) {
    context->save_for_backward({x, weight});
    context->saved_data["epsilon"] = epsilon;
    return compute(x, weight, epsilon);
  }

  // The gradient is s * (g - x * s^2 * mean(g x)), with g = outer * weight and s = 1 / rms.
  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], above = outer[0].contiguous();
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const int64_t width = x.size(-1), rows = x.numel() / width;
    Tensor gradient = at::empty_like(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      const T *from = x.const_data_ptr<T>(), *weights = weight.const_data_ptr<T>(),
              *given = above.const_data_ptr<T>();
      T* to = gradient.mutable_data_ptr<T>();
      for_rows(rows, width, [&](int64_t begin, int64_t end) {
        std::vector<float> row(static_cast<size_t>(width)), by(row.size()), g(row.size());
        widen(weights, by.data(), width);
        for (int64_t i = begin; i < end; ++i) {
          widen(from + i * width, row.data(), width);
          widen(given + i * width, g.data(), width);
          multiply(g.data(), by.data(), width);
          const float s = inverse_rms(row, epsilon);
          const auto mean = static_cast<float>(product_sum(g.data(), row.data(), width) /
                                               static_cast<double>(width));
          combine(g.data(), s, row.data(), -s * s * s * mean, width);
          narrow(g.data(), to + i * width, width);
        }
      });
    });
    return {gradient, {}, {}};
  }

  static float inverse_rms(const std::vector<float>& row, double epsilon) {
    const auto width = std::ssize(row);
    const double mean = product_sum(row.data(), row.data(), width) / static_cast<double>(width);
    return static_cast<float>(1 / std::sqrt(mean + epsilon));
  }
};

struct Swiglu : torch::autograd::Function<Swiglu> {
  static Tensor compute(const Tensor& gate, const Tensor& up) {
    Tensor y = at::empty_like(gate);
    for_type(gate, [&](auto type) {
      using T = decltype(type);
      const T *gates = gate.const_data_ptr<T>(), *ups = up.const_data_ptr<T>();
      T* to = y.mutable_data_ptr<T>();
      for_chunks(gate.numel(), [&](int64_t first, int64_t count) {
        Floats g{}, u{};
        widen(gates + first, g.data(), count);
        widen(ups + first, u.data(), count);
        gate_forward(g.data(), u.data(), count);
        narrow(u.data(), to + first, count);
      });
    });
    return y;
  }

  static Tensor forward(AutogradContext* context, const Tensor& gate, const Tensor& up) {
    context->save_for_backward({gate, up});
    return compute(gate, up);
  }

  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const auto saved = context->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1], above = outer[0].contiguous();
    Tensor to_gate = at::empty_like(gate), to_up = at::empty_like(up);
    for_type(gate, [&](auto type) {
      using T = decltype(type);
      const T *gates = gate.const_data_ptr<T>(), *ups = up.const_data_ptr<T>(),
              *given = above.const_data_ptr<T>();
      T *gate_out = to_gate.mutable_data_ptr<T>(), *up_out = to_up.mutable_data_ptr<T>();
      for_chunks(gate.numel(), [&](int64_t first, int64_t count) {
        Floats g{}, u{}, o{};
        widen(gates + first, g.data(), count);
        widen(ups + first, u.data(), count);
        widen(given + first, o.data(), count);
        gate_backward(o.data(), g.data(), u.data(), count);
        narrow(g.data(), gate_out + first, count);
        narrow(u.data(), up_out + first, count);
      });
    });
    return {to_gate, to_up};
  }
};

struct Rotate : torch::autograd::Function<Rotate> {
  static Tensor compute(const Tensor& x, const Tensor& cos, const Tensor& sin, float sign) {
    const int64_t heads = x.size(1), half = x.size(2) / 2;
    Tensor y = at::empty_like(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      const T* from = x.const_data_ptr<T>();
      T* to = y.mutable_data_ptr<T>();
      const float *cosines = cos.const_data_ptr<float>(), *sines = sin.const_data_ptr<float>();
      for_rows(x.size(0), heads * 2 * half, [&](int64_t begin, int64_t end) {
        std::vector<float> head(static_cast<size_t>(2 * half));
        for (int64_t i = begin * heads; i < end * heads; ++i) {
          const int64_t row = i / heads;
          widen(from + i * 2 * half, head.data(), 2 * half);
          turn(head.data(), head.data() + half, cosines + row * half, sines + row * half, sign,
               half);
          narrow(head.data(), to + i * 2 * half, 2 * half);
        }
      });
    });
    return y;
  }

  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cos,
                        const Tensor& sin) {
    context->save_for_backward({cos, sin});
    return compute(x, cos, sin, 1);
  }

  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const auto saved = context->get_saved_variables();
    return {compute(outer[0].contiguous(), saved[0], saved[1], -1), {}, {}};  // inverse rotation
  }
};

bool differentiates(const Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  if (!has_kernel(x)) {
    const Tensor wide = x.to(at::kFloat);
    const Tensor inverse = (wide.square().mean(-1, /*keepdim=*/true) + epsilon).rsqrt();
    return weight * (wide * inverse).to(x.scalar_type());
  }
  const Tensor dense = x.contiguous();
  return differentiates(x) ? RmsNorm::apply(dense, weight, epsilon)
                           : RmsNorm::compute(dense, weight, epsilon);
}

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  if (!has_kernel(gate)) return at::silu(gate) * up;
  const Tensor gates = gate.contiguous(), ups = up.contiguous();
  return differentiates(gate) || differentiates(up) ? Swiglu::apply(gates, ups)
                                                    : Swiglu::compute(gates, ups);
}

Tensor rotated(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  if (!has_kernel(x)) {
    const int64_t half = x.size(2) / 2;
    const Tensor first = x.narrow(2, 0, half), second = x.narrow(2, half, half);
    const Tensor c = cos.unsqueeze(1), s = sin.unsqueeze(1);
    return at::cat({first * c - second * s, second * c + first * s}, 2).to(x.scalar_type());
  }
  const Tensor dense = x.contiguous();
  return differentiates(x) ? Rotate::apply(dense, cos, sin) : Rotate::compute(dense, cos, sin, 1);
}

}  // namespace lea::lm
