// Loops over rows of numbers on a CPU. They compute in float32 for every type of tensor, and are
// compiled for several levels of processors (core/base/clones.h).
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace lea::lm {

constexpr int64_t kChunk = 1024;  // values that are widened to float32 at a time
constexpr int64_t kGrain = 16 * kChunk;
using Floats = std::array<float, kChunk>;

// Convert values to and from float32. A bfloat16 is the upper half of a float32; narrow() rounds to
// nearest, ties to even. NaNs that arithmetic makes stay NaNs.
void widen(const at::BFloat16* from, float* to, int64_t count);
void narrow(const float* from, at::BFloat16* to, int64_t count);
inline void widen(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }
inline void narrow(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }

void scale(float* x, float by, int64_t count);
void multiply(float* x, const float* by, int64_t count);
// x = a * x + b * y
void combine(float* x, float a, const float* y, float b, int64_t count);
// x = exp(x - most); no value of x may be above `most`.
void exponentials(float* x, float most, int64_t count);
double sum_of(const float* x, int64_t count);
double product_sum(const float* a, const float* b, int64_t count);
float largest(const float* x, int64_t count);

// Whether all values of x are finite. x must be contiguous, on the CPU, and float32, float16 or
// bfloat16. Allocates no memory.
bool all_finite(const at::Tensor& x);

// Whether these loops support x. For other tensors callers use LibTorch's operations.
inline bool has_kernel(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <typename Body>
void for_type(const at::Tensor& x, Body body) {
  if (x.scalar_type() == at::kFloat) return body(float{});
  body(at::BFloat16{});
}

// Calls body(first value, number of values) for chunks that together cover `count` values, in
// parallel.
template <typename Body>
void for_chunks(int64_t count, Body body) {
  at::parallel_for(0, (count + kChunk - 1) / kChunk, kGrain / kChunk,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t chunk = begin; chunk < end; ++chunk)
                       body(chunk * kChunk, std::min(kChunk, count - chunk * kChunk));
                   });
}

// Calls body(first row, the row after the last) for parts that together cover all rows, in
// parallel.
template <typename Body>
void for_rows(int64_t rows, int64_t width, Body body) {
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / width), body);
}

}  // namespace lea::lm
