// The chunked loss against LibTorch's over all logits at once.
#include "core/lm/cross_entropy.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/base/error.h"
#include "core/lm/adapter.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

TEST(CrossEntropy, EqualsThatOfAllLogitsAtOnceInValueAndGradient) {
  torch::manual_seed(2);
  const Decoder decoder = tiny_model("llama2_old");
  constexpr int64_t kRows = 1100;  // several chunks, the last one not full
  const at::Tensor hidden = at::randn({kRows, decoder.config().width}).requires_grad_();
  const at::Tensor target = at::randint(decoder.config().vocabulary, {kRows}, at::kLong);
  const at::Tensor weight = at::rand({kRows});
  const at::Tensor ours = cross_entropy(decoder, hidden, target, weight);
  const at::Tensor reference =
      (at::cross_entropy_loss(decoder.logits(hidden), target, {}, at::Reduction::None) * weight)
          .sum();
  EXPECT_NEAR(ours.item<double>(), reference.item<double>(), 1e-5 * reference.item<double>());
  const auto gradient = [&](const at::Tensor& loss) {
    return torch::autograd::grad({loss * 3}, {hidden})[0];
  };
  EXPECT_LE(distance(gradient(ours), gradient(reference)), 1e-5);
}

TEST(CrossEntropy, RefusesAnAdapterOfTheHeadAndIdsThatAreNoTokens) {
  Decoder decoder = tiny_model("llama2_old");
  const at::Tensor hidden = at::randn({1, decoder.config().width}), weight = at::ones({1});
  for (const int64_t id : {int64_t{-1}, decoder.config().vocabulary}) {
    EXPECT_THROW(cross_entropy(decoder, hidden, at::tensor({id}), weight), std::invalid_argument)
        << id;
  }
  Adapter::make({.targets = {"lm_head"}}, decoder).attach(decoder);
  EXPECT_THROW(cross_entropy(decoder, hidden, at::tensor({int64_t{1}}), weight), DataError);
}

TEST(CrossEntropy, StaysWithinTheRoundingOfBfloat16) {
  torch::manual_seed(2);
  const Decoder wide = tiny_model("llama2_old"), narrow = tiny_model("llama2_old", at::kBFloat16);
  const at::Tensor hidden = at::randn({20, wide.config().width}).to(at::kBFloat16);
  const at::Tensor target = at::randint(wide.config().vocabulary, {20}, at::kLong);
  const at::Tensor weight = at::ones({20});
  const auto loss_and_gradient = [&](const Decoder& decoder) {
    const at::Tensor input = hidden.to(decoder.type()).requires_grad_();
    const at::Tensor loss = cross_entropy(decoder, input, target, weight);
    return std::pair(loss.item<double>(), torch::autograd::grad({loss}, {input})[0]);
  };
  const auto [loss, gradient] = loss_and_gradient(narrow);
  const auto [expected, expected_gradient] = loss_and_gradient(wide);
  EXPECT_NEAR(loss, expected, 1e-2 * expected);
  EXPECT_LE(distance(gradient, expected_gradient), 2e-2);
}

}  // namespace
}  // namespace lea::lm
