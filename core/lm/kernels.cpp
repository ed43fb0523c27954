#include "core/lm/kernels.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

// A copy of a loop for each kind of processor; which one runs is chosen when the library is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LEA_FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define LEA_FOR_EACH_PROCESSOR
#endif

namespace lea::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kChunk = 1024;  // values that are widened to float32 at a time
constexpr int64_t kGrain = 16 * kChunk;
constexpr int64_t kLanes = 16;
using Floats = std::array<float, kChunk>;

// Both types as float32. bfloat16 is its upper half, rounded to nearest, ties to even; the NaNs
// that arithmetic makes stay NaNs.
LEA_FOR_EACH_PROCESSOR
void widen(const at::BFloat16* from, float* to, int64_t count) {
  const auto* bits = reinterpret_cast<const uint16_t*>(from);
  for (int64_t i = 0; i < count; ++i) to[i] = std::bit_cast<float>(uint32_t{bits[i]} << 16);
}
LEA_FOR_EACH_PROCESSOR
void narrow(const float* from, at::BFloat16* to, int64_t count) {
  auto* bits = reinterpret_cast<uint16_t*>(to);
  for (int64_t i = 0; i < count; ++i) {
    const auto wide = std::bit_cast<uint32_t>(from[i]);
    bits[i] = static_cast<uint16_t>((wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
  }
}
void widen(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }
void narrow(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }

// e^x to a relative 2e-7: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2]; 0 far below.
inline float exponential(float x) {
  constexpr float kToNearest = 12582912.0F;  // 1.5 * 2^23: the sum's last bits are the integer
  const float low = x < -87.0F ? -87.0F : x;
  const float held = low > 88.0F ? 88.0F : low;
  const float shifted = held * 1.44269504F + kToNearest;
  const float n = shifted - kToNearest;
  const float r = held - n * 0.693359375F + n * 2.12194440e-4F;
  float p = 1.9875691e-4F;
  p = p * r + 1.3981999e-3F;
  p = p * r + 8.3334519e-3F;
  p = p * r + 4.1665796e-2F;
  p = p * r + 1.6666665e-1F;
  p = p * r + 5.0000001e-1F;
  p = p * r * r + r + 1.0F;
  const uint32_t scale =
      (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kToNearest) + 127) << 23;
  return x < -87.0F ? 0.0F : p * std::bit_cast<float>(scale);
}

// Sums lane by lane, so that they need no reordering to be vectors.
LEA_FOR_EACH_PROCESSOR
double product_sum(const float* a, const float* b, int64_t count) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] += a[i + l] * b[i + l];
  }
  double sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

LEA_FOR_EACH_PROCESSOR
void scale(float* x, float by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= by;
}
LEA_FOR_EACH_PROCESSOR
void multiply(float* x, const float* by, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= by[i];
}
// x = a * x + b * y
LEA_FOR_EACH_PROCESSOR
void combine(float* x, float a, const float* y, float b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = a * x[i] + b * y[i];
}
LEA_FOR_EACH_PROCESSOR
void gate_forward(const float* gate, float* up, int64_t count) {
  for (int64_t i = 0; i < count; ++i) up[i] *= gate[i] / (1.0F + exponential(-gate[i]));
}
// Gradients take the places of gate and up.
LEA_FOR_EACH_PROCESSOR
void gate_backward(const float* outer, float* gate, float* up, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float share = 1.0F / (1.0F + exponential(-gate[i]));
    const float silu = gate[i] * share;
    gate[i] = outer[i] * up[i] * (share + silu * (1.0F - share));
    up[i] = outer[i] * silu;
  }
}
LEA_FOR_EACH_PROCESSOR
void turn(float* first, float* second, const float* cos, const float* sin, float sign,
          int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float a = first[i], b = second[i], s = sign * sin[i];
    first[i] = a * cos[i] - b * s;
    second[i] = b * cos[i] + a * s;
  }
}
LEA_FOR_EACH_PROCESSOR
float largest(const float* x, int64_t count) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, -INFINITY);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  }
  float most = -INFINITY;
  for (const float lane : lanes) most = std::max(most, lane);
  for (; i < count; ++i) most = std::max(most, x[i]);
  return most;
}
LEA_FOR_EACH_PROCESSOR
void exponentials(float* x, float less, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = exponential(x[i] - less);
}

bool has_kernel(const Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <typename Body>
void for_type(const Tensor& x, Body body) {
  if (x.scalar_type() == at::kFloat) return body(float{});
  body(at::BFloat16{});
}

// Calls body(first value, number of values) for chunks of all.
template <typename Body>
void for_chunks(int64_t count, Body body) {
  at::parallel_for(0, (count + kChunk - 1) / kChunk, kGrain / kChunk,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t chunk = begin; chunk < end; ++chunk)
                       body(chunk * kChunk, std::min(kChunk, count - chunk * kChunk));
                   });
}

template <typename Body>
void for_rows(int64_t rows, int64_t width, Body body) {
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / width),
                   [&](int64_t begin, int64_t end) { body(begin, end); });
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
          narrow(row.data(), to + i * width, width);  // as transformers rounds it
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

  // With g = outer * weight and s = 1 / rms: s * (g - x * s^2 * mean(g x)).
  static variable_list backward(AutogradContext* context, const variable_list& outer) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], weight = saved[1], above = outer[0].contiguous();
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
    const Tensor &gate = saved[0], up = saved[1], above = outer[0].contiguous();
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
    return {compute(outer[0].contiguous(), saved[0], saved[1], -1), {}, {}};  // turned back
  }
};

bool differentiates(const Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

// Turns a row of logits into its gradient; gives its loss.
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
  static constexpr auto kOnes = [] {
    Floats ones{};
    ones.fill(1);
    return ones;
  }();
  float most = -INFINITY;
  for_each_chunk(
      [&](int64_t, int64_t count) { most = std::max(most, largest(chunk.data(), count)); });
  double sum = 0;
  for_each_chunk([&](int64_t, int64_t count) {
    exponentials(chunk.data(), most, count);
    sum += product_sum(chunk.data(), kOnes.data(), count);
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

}  // namespace lea::lm
