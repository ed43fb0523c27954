// The blocked cross-entropy, the gathered Q-values and the argmax against plain tensor operations.
#include "core/api/heads.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/error.h"

namespace lea {
namespace {

// Large enough for several blocks of rows, and not a multiple of the vector width.
constexpr int64_t kItems = 40003, kWidth = 8, kRows = 75;

struct Case {
  Activation activation;
  int64_t targets;
  bool weighted;
  at::ScalarType type;
};

class CrossEntropyTest : public ::testing::TestWithParam<Case> {};

Tensor plain(const ItemHead& head, const Tensor& hidden, const Tensor& target,
             const Tensor& weight) {
  Tensor logits = at::linear(hidden, head.weight, head.bias);
  if (head.activation == Activation::kRelu) logits = at::relu(logits);
  const Tensor rows = -at::log_softmax(logits, 1).gather(1, (target - 1).clamp_min(0));
  return (rows * weight * target.ne(0)).sum() / hidden.size(0);
}

TEST_P(CrossEntropyTest, EqualsPlainAutograd) {
  at::manual_seed(5);
  const Case c = GetParam();
  ItemHead head(kWidth, kItems, c.activation);
  head.to(c.type);
  {
    const at::NoGradGuard no_grad;
    head.weight.normal_();
    head.bias.normal_();
  }
  Tensor hidden = at::randn({kRows, kWidth}, c.type).requires_grad_();
  Tensor target = at::randint(1, kItems + 1, {kRows, c.targets}, at::kLong);
  target.index_put_({at::tensor({3, 17}), at::tensor({0, 0})}, 0);  // left out
  const Tensor weight =
      c.weighted ? at::randn({kRows, c.targets}, c.type) : at::ones({kRows, c.targets}, c.type);

  const auto inputs = torch::autograd::variable_list{hidden, head.weight, head.bias};
  const Tensor expected = plain(head, hidden, target, weight);
  const auto wanted = torch::autograd::grad({expected}, inputs);
  const CrossEntropy entropy = cross_entropy(head, hidden, target, c.weighted ? weight : Tensor());
  const auto found = torch::autograd::grad({entropy.value * 3}, inputs);

  const double tolerance = c.type == at::kFloat ? 6e-5 : 1e-12;
  EXPECT_NEAR(entropy.value.item<double>(), expected.item<double>(),
              tolerance * (1 + std::abs(expected.item<double>())));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor slope = wanted[i] * 3;
    EXPECT_LE((found[i] - slope).abs().max().item<double>(),
              tolerance * slope.abs().max().item<double>())
        << "input " << i;
  }
  EXPECT_FALSE(entropy.rows.requires_grad());
  EXPECT_EQ(entropy.rows[3][0].item<double>(), 0);
}

TEST_P(CrossEntropyTest, GivesTheSameValueWithoutGradient) {
  at::manual_seed(6);
  const Case c = GetParam();
  ItemHead head(kWidth, kItems, c.activation);
  head.to(c.type);
  const Tensor hidden = at::randn({kRows, kWidth}, c.type);
  const Tensor target = at::randint(1, kItems + 1, {kRows, c.targets}, at::kLong);
  const double with = cross_entropy(head, hidden, target).value.item<double>();
  const at::NoGradGuard no_grad;
  // The matrix products of some processors round by where their operands lie in memory. On a loaded
  // machine a float64 value has once differed by 6e-12 of it.
  const double tolerance = (c.type == at::kFloat ? 1e-6 : 1e-9) * std::abs(with);
  EXPECT_NEAR(cross_entropy(head, hidden, target).value.item<double>(), with, tolerance);
}

INSTANTIATE_TEST_SUITE_P(Heads, CrossEntropyTest,
                         ::testing::Values(Case{Activation::kNone, 1, false, at::kFloat},
                                           Case{Activation::kNone, 1, true, at::kFloat},
                                           Case{Activation::kNone, 2, true, at::kFloat},
                                           Case{Activation::kRelu, 1, true, at::kFloat},
                                           Case{Activation::kRelu, 2, true, at::kFloat},
                                           Case{Activation::kNone, 2, true, at::kDouble},
                                           Case{Activation::kRelu, 2, true, at::kDouble}));

TEST(CrossEntropy, SurvivesLogitsFarApart) {
  ItemHead head(1, 130);
  const at::NoGradGuard no_grad;
  head.weight.zero_();
  head.bias.zero_();
  head.bias[0] = 1e4;
  head.bias[1] = -1e4;
  const auto target = at::tensor({1, 2}, at::kLong).view({2, 1});
  const auto rows = cross_entropy(head, at::ones({2, 1}), target).rows;
  EXPECT_EQ(rows[0][0].item<double>(), 0);
  EXPECT_EQ(rows[1][0].item<double>(), 2e4);
}

TEST(CrossEntropy, ShowsANanInsteadOfHidingIt) {
  ItemHead head(2, 100);
  const at::NoGradGuard no_grad;
  Tensor hidden = at::ones({3, 2});
  hidden[1][0] = std::numeric_limits<double>::quiet_NaN();
  const auto entropy = cross_entropy(head, hidden, at::ones({3, 1}, at::kLong));
  EXPECT_TRUE(std::isnan(entropy.value.item<double>()));
  EXPECT_FALSE(std::isnan(entropy.rows[0][0].item<double>()));
}

TEST(QValues, AreThoseOfTheWholeLayer) {
  at::manual_seed(7);
  for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
    ItemHead head(5, 50, activation);
    {
      const at::NoGradGuard no_grad;
      head.bias.normal_();
    }
    const Tensor state = at::randn({6, 5}).requires_grad_();
    const Tensor actions = at::randint(1, 51, {6, 4}, at::kLong);
    const Tensor expected = head.forward(state).gather(1, actions - 1);
    const Tensor found = q_values(head, state, actions);
    EXPECT_TRUE(at::allclose(found, expected, 1e-5, 1e-6));
    const auto inputs = torch::autograd::variable_list{state, head.weight, head.bias};
    const Tensor factor = at::randn({6, 4});
    const auto wanted = torch::autograd::grad({(expected * factor).sum()}, inputs);
    const auto slopes = torch::autograd::grad({(found * factor).sum()}, inputs);
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::allclose(slopes[i], wanted[i], 1e-5, 1e-6)) << i;
  }
}

TEST(BestAction, IsTheArgmaxOfTheWholeLayer) {
  at::manual_seed(8);
  for (const int64_t items : {1, 63, 64, 65, 40003}) {
    ItemHead head(kWidth, items);
    const at::NoGradGuard no_grad;
    head.bias.normal_();
    const Tensor state = at::randn({kRows, kWidth});
    const Tensor value = head.forward(state);
    const Tensor best = best_action(head, state);
    // Blocks of other sizes may round differently: the picked value must be the maximum, to
    // rounding.
    const Tensor picked = value.gather(1, best.unsqueeze(1) - 1).squeeze(1);
    EXPECT_TRUE(at::allclose(picked, value.amax(1), 1e-5, 1e-5)) << items;
  }
}

TEST(BestAction, GivesAnItemEvenForNan) {
  ItemHead head(2, 70);
  const Tensor best = best_action(head, at::full({2, 2}, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(at::equal(best, at::ones({2}, at::kLong)));
}

// A backbone that offers its table to the head.
class TiedBackbone final : public Backbone {
 public:
  explicit TiedBackbone(Tensor offered) { table = register_parameter("table", std::move(offered)); }
  int64_t width() const override { return 4; }
  Tensor encode(const History&) override { return {}; }
  Tensor item_embedding() const override { return table; }
  Tensor table;
};

TEST(ItemHead, OfATiedBackboneIsPlainAutogradOnItsTable) {
  at::manual_seed(7);
  TiedBackbone backbone(at::randn({31, 4}));
  const auto head = supervised_head(backbone, 30);
  EXPECT_FALSE(head->weight.defined());
  ASSERT_EQ(head->parameters().size(), 1u) << "the table belongs to the backbone alone";
  {
    const at::NoGradGuard no_grad;
    head->bias.normal_();
    backbone.table.mul_(2);  // a step of the optimiser is seen at once
  }
  Tensor hidden = at::randn({5, 4}).requires_grad_();
  const Tensor target = at::tensor({1, 30, 7, 7, 2}, at::kLong).unsqueeze(1);
  const Tensor logits = at::linear(hidden, backbone.table.slice(0, 1), head->bias);
  EXPECT_TRUE(head->forward(hidden).allclose(logits, 1e-6, 1e-6));
  const auto inputs = torch::autograd::variable_list{hidden, backbone.table, head->bias};
  const auto wanted =
      torch::autograd::grad({at::cross_entropy_loss(logits, target.squeeze(1) - 1)}, inputs);
  for (int step = 0; step < 2; ++step) {  // the head makes a new view each time
    const auto found = torch::autograd::grad({cross_entropy(*head, hidden, target).value}, inputs);
    for (size_t i = 0; i < inputs.size(); ++i)
      EXPECT_TRUE(found[i].allclose(wanted[i], 1e-5, 1e-6)) << "input " << i;
    EXPECT_FALSE(found[1][0].any().item<bool>()) << "the padding is no item";
  }
}

TEST(ItemHead, RefusesAnEmbeddingOfAnotherShape) {
  const TiedBackbone backbone(at::randn({30, 4}));
  try {
    supervised_head(backbone, 30);
    FAIL() << "nothing thrown";
  } catch (const PluginError& error) {
    EXPECT_STREQ(error.what(),
                 "backbone: item_embedding() must be [31, 4], as many items and the padding by "
                 "width()");
  }
}

TEST(ItemHead, StartsWithinXaviersBoundAndZeroBias) {
  ItemHead head(64, 1000);
  const double bound = std::sqrt(6.0 / 1064);
  EXPECT_LE(head.weight.abs().max().item<double>(), bound);
  EXPECT_GE(head.weight.abs().max().item<double>(), 0.99 * bound);
  EXPECT_EQ(head.bias.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace lea
