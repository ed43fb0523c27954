#include "core/api/dropout.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "core/base/clones.h"
#include "core/base/wide_products.h"

namespace lea {
namespace {

constexpr int kSize = at::MERSENNE_STATE_N, kShift = at::MERSENNE_STATE_M;

inline uint32_t twist(uint32_t far, uint32_t here, uint32_t next) {
  const uint32_t mixed = (here & 0x80000000u) | (next & 0x7fffffffu);
  return far ^ (mixed >> 1) ^ ((next & 1u) != 0 ? 0x9908b0dfu : 0u);
}

// The next 624 numbers of the Mersenne twister, before they are tempered.
LEA_CLONES void next_state(uint32_t* state) {
  // A number depends on one 227 places before it, so these loops may go through vectors.
  for (int i = 0; i < kSize - kShift; ++i)
    state[i] = twist(state[i + kShift], state[i], state[i + 1]);
  for (int i = kSize - kShift; i < kSize - 1; i += kSize - kShift) {
    const int end = std::min(i + kSize - kShift, kSize - 1);
#pragma GCC ivdep
    for (int j = i; j < end; ++j)
      state[j] = twist(state[j + kShift - kSize], state[j], state[j + 1]);
  }
  state[kSize - 1] = twist(state[kShift - 1], state[kSize - 1], state[0]);
}

LEA_CLONES void temper(const uint32_t* state, int64_t count, uint32_t* out) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    out[i] = y ^ (y >> 18);
  }
}

// `count` numbers, as `count` calls of the engine give them.
void draw(at::mt19937_data_pod& engine, int64_t count, uint32_t* out) {
  while (count > 0) {
    if (engine.left_ == 1) {
      next_state(engine.state_.data());
      engine.left_ = kSize + 1;
      engine.next_ = 0;
    }
    const int64_t some = std::min<int64_t>(count, engine.left_ - 1);
    temper(engine.state_.data() + engine.next_, some, out);
    engine.left_ -= static_cast<int>(some);
    engine.next_ += static_cast<uint32_t>(some);
    out += some;
    count -= some;
  }
}

// LibTorch keeps an element where the lower 53 bits of two numbers, as a fraction, are below `keep`.
LEA_CLONES void choose(const uint32_t* numbers, int64_t count, uint64_t below, float value,
                       float* out) {
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits =
        (static_cast<uint64_t>(numbers[2 * i] & 0x1fffffu) << 32) | numbers[2 * i + 1];
    out[i] = bits < below ? value : 0.0f;
  }
}

// Each element is 1 / keep with the probability `keep`, and otherwise 0.
Tensor noise_like(const Tensor& input, double keep) {
  const Tensor noise = at::empty_like(input);
  float* out = noise.mutable_data_ptr<float>();
  const float value = at::ones({}).div_(keep).item<float>();
  // bits / 2^53 < keep, for whole bits: keep * 2^53 is exact.
  const auto below = static_cast<uint64_t>(std::ceil(keep * 9007199254740992.0));
  constexpr int64_t kAtOnce = 2048;
  std::vector<uint32_t> numbers(2 * kAtOnce);
  auto* generator = at::get_generator_or_default<at::CPUGeneratorImpl>(
      std::nullopt, at::detail::getDefaultCPUGenerator());
  const std::scoped_lock lock(generator->mutex_);
  at::mt19937_data_pod engine = generator->engine().data();
  const int64_t total = input.numel();
  for (int64_t i = 0; i < total; i += kAtOnce) {
    const int64_t count = std::min(kAtOnce, total - i);
    draw(engine, 2 * count, numbers.data());
    choose(numbers.data(), count, below, value, out + i);
  }
  at::mt19937 after;
  after.set_data(engine);
  generator->set_engine(after);
  return noise;
}

}  // namespace

Tensor apply_dropout(const Tensor& input, double rate, bool active) {
  // LibTorch draws with MKL there.
  static const bool intel = cpu_model().vendor == "GenuineIntel";
  if (!active || rate <= 0 || rate >= 1 || !input.is_cpu() || input.dtype() != at::kFloat ||
      !input.is_contiguous() || intel) {
    return at::dropout(input, rate, active);
  }
  return input * noise_like(input, 1 - rate);
}

}  // namespace lea
