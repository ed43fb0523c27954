// The kernels against LibTorch's own operations in float64, in value and gradient.
#include "core/lm/kernels.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/lm/cross_entropy.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

using at::Tensor;
using Formula = std::function<Tensor(const std::vector<Tensor>&)>;

// Both sides from the same numbers, which float32 or bfloat16 can hold; the gradients are those of
// a sum with random weights.
class EveryType : public testing::TestWithParam<at::ScalarType> {
 protected:
  EveryType() { torch::manual_seed(9); }

  Tensor random(at::IntArrayRef shape) const { return (at::randn(shape) * 2).to(GetParam()); }

  void expect_equal(const std::vector<Tensor>& inputs, const Formula& ours,
                    const Formula& reference) const {
    const double bound = GetParam() == at::kFloat ? 2e-6 : 1e-2;
    std::vector<Tensor> narrow, wide;
    for (const Tensor& input : inputs) {
      narrow.push_back(input.detach().clone().requires_grad_());
      wide.push_back(input.detach().to(at::kDouble).requires_grad_());
    }
    const Tensor value = ours(narrow), expected = reference(wide);
    EXPECT_EQ(value.scalar_type(), GetParam());
    EXPECT_LE(distance(value, expected), bound);
    {
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(at::equal(ours(narrow), value)) << "without a gradient";
    }
    const Tensor weight = random(value.sizes());
    const auto gradients = torch::autograd::grad({value}, narrow, {weight});
    const auto wanted = torch::autograd::grad({expected}, wide, {weight.to(at::kDouble)});
    for (size_t i = 0; i < inputs.size(); ++i)
      EXPECT_LE(distance(gradients[i], wanted[i]), bound) << "gradient " << i;
  }
};

TEST_P(EveryType, RmsNormIsItsFormula) {
  for (const int64_t width : {16, 37, 1100}) {
    const Tensor weight = random({width});
    expect_equal(
        {random({5, width})}, [&](const auto& in) { return rms_norm(in[0], weight, 1e-5); },
        [&](const auto& in) {
          const Tensor mean = in[0].square().mean(-1, /*keepdim=*/true);
          return in[0] * (mean + 1e-5).rsqrt() * weight.to(at::kDouble);
        });
  }
}

TEST_P(EveryType, SwigluIsItsFormula) {
  const Tensor gate = random({7, 500}), up = random({7, 500});
  gate.view(-1).narrow(0, 0, 4).copy_(at::tensor({-90.0, -30.0, 30.0, 90.0}));
  expect_equal(
      {gate, up}, [](const auto& in) { return swiglu(in[0], in[1]); },
      [](const auto& in) { return at::silu(in[0]) * in[1]; });
}

TEST_P(EveryType, RotationIsThatOfComplexNumbers) {
  const Tensor angle = at::rand({6, 5}) * 100;
  expect_equal(
      {random({6, 3, 10})},
      [&](const auto& in) { return rotated(in[0], angle.cos(), angle.sin()); },
      [&](const auto& in) {
        const Tensor turn =
            at::polar(at::ones({6, 1, 5}, at::kDouble), angle.to(at::kDouble).unsqueeze(1));
        const Tensor number = at::complex(in[0].narrow(2, 0, 5), in[0].narrow(2, 5, 5)) * turn;
        return at::cat({at::real(number), at::imag(number)}, 2);
      });
}

TEST_P(EveryType, CrossEntropyIsThatOfLibTorch) {
  constexpr int64_t kRows = 4, kSize = 3001;
  const Tensor logits = random({kRows, kSize}) * 5;
  logits.select(0, 3).select(0, 0).fill_(300);  // a target that is next to impossible
  const Tensor target = at::tensor({0, 1500, 3000, 7}, at::kLong), weight = at::rand({kRows});
  const Tensor wide = logits.to(at::kDouble).requires_grad_();
  const Tensor expected =
      (at::cross_entropy_loss(wide, target, {}, at::Reduction::None) * weight.to(at::kDouble))
          .sum();
  Tensor gradient = logits.clone();
  const Tensor loss = cross_entropy_in_place(gradient, target, weight);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-5 * expected.item<double>());
  EXPECT_LE(distance(gradient, torch::autograd::grad({expected}, {wide})[0]),
            GetParam() == at::kFloat ? 2e-6 : 1e-2);
}

// What runs where there is no kernel of our own.
TEST(Kernels, GiveTheSameAsTheOperationsThatRunElsewhere) {
  torch::manual_seed(9);
  const Tensor x = at::randn({4, 3, 8}), weight = at::randn({8}), angle = at::rand({4, 4});
  const auto wide = [](const Tensor& tensor) { return tensor.to(at::kDouble); };  // has none
  EXPECT_LE(distance(rms_norm(x, weight, 1e-5), rms_norm(wide(x), wide(weight), 1e-5)), 1e-6);
  EXPECT_LE(distance(swiglu(x, x + 1), swiglu(wide(x), wide(x + 1))), 1e-6);
  EXPECT_LE(distance(rotated(x, angle.cos(), angle.sin()),
                     rotated(wide(x), wide(angle.cos()), wide(angle.sin()))),
            1e-6);
  Tensor ours = at::randn({3, 20}), elsewhere = wide(ours);
  const Tensor target = at::tensor({3, 0, 19}, at::kLong), share = at::rand({3});
  const Tensor loss = cross_entropy_in_place(ours, target, share);
  EXPECT_NEAR(loss.item<double>(), cross_entropy_in_place(elsewhere, target, share).item<double>(),
              1e-5);
  EXPECT_LE(distance(ours, elsewhere), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Each, EveryType, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& info) {
                           return std::string(info.param == at::kFloat ? "float32" : "bfloat16");
                         });

}  // namespace
}  // namespace lea::lm
