// Loops over rows of numbers on a CPU, computed in float32 whatever type a tensor stores. Each is
// compiled for every kind of processor (core/base/clones.h).
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

// Both types as float32. bfloat16 is its upper half, rounded to nearest, ties to even; the NaNs
// that arithmetic makes stay NaNs.
void widen(const at::BFloat16* from, float* to, int64_t count);
void narrow(const float* from, at::BFloat16* to, int64_t count);
inline void widen(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }
inline void narrow(const float* from, float* to, int64_t count) { std::copy_n(from, count, to); }

void scale(float* x, float by, int64_t count);
void multiply(float* x, const float* by, int64_t count);
// x = a * x + b * y
void combine(float* x, float a, const float* y, float b, int64_t count);
// x = exp(x - most); no x is above most.
void exponentials(float* x, float most, int64_t count);
double sum_of(const float* x, int64_t count);
double product_sum(const float* a, const float* b, int64_t count);
float largest(const float* x, int64_t count);

// Of float32, float16 and bfloat16 values on the CPU, which lie together; takes no memory.
bool all_finite(const at::Tensor& x);

// Whether these loops take x: otherwise LibTorch's operations do the same.
inline bool has_kernel(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <typename Body>
void for_type(const at::Tensor& x, Body body) {
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

// Calls body(first row, the row after the last) for parts of all.
template <typename Body>
void for_rows(int64_t rows, int64_t width, Body body) {
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / width), body);
}

}  // namespace lea::lm
