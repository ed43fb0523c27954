#include "core/lm/random_weights.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace lea::lm {
namespace {

constexpr double kDeviation = 0.02;

}  // namespace

void draw_weights(Decoder& decoder, uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const at::ScalarType type = decoder.type();
  const at::Device device = decoder.device();
  at::Tensor own, embedding;  // the first weight, before and after: a tied head is the same tensor
  decoder.for_each_weight([&](const std::string& name, at::Tensor& weight) {
    if (own.defined() && weight.is_same(own)) {
      weight = embedding;
      return;
    }
    const bool is_embedding = !own.defined();
    if (is_embedding) own = weight;
    if (weight.dim() == 2) {
      // Drawn in float32 on the CPU, so that type and device change a number only by rounding it.
      weight =
          at::empty(weight.sizes(), at::kFloat).normal_(0, kDeviation, generator).to(device, type);
    } else {
      weight = name.ends_with(".bias") ? at::zeros_like(weight) : at::ones_like(weight);
    }
    if (is_embedding) embedding = weight;
  });
}

}  // namespace lea::lm
