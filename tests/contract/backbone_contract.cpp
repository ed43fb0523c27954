// The contract of core/api/backbone.h, for every backbone that the registry finds.
#include "tests/contract/toy.h"

namespace lea {
namespace {

class BackboneContract : public ::testing::TestWithParam<std::string> {
 protected:
  struct Case {
    std::string name;
    std::shared_ptr<Backbone> backbone;
  };

  // One of each variant, made from the same seed, in eval mode.
  std::vector<Case> cases() {
    const PluginEntry& entry = toy::registry().get("backbone", GetParam());
    std::vector<Case> cases;
    for (const toy::Variant& variant : toy::variants(entry)) {
      torch::manual_seed(7);
      cases.push_back({variant.name, entry.backbone(variant.values, context_)});
      cases.back().backbone->eval();
    }
    return cases;
  }

  toy::Context context_;
  // The history of every training event: lengths 0 to 3.
  History history_ = context_.data.histories(at::arange(toy::kEvents));
};

TEST_P(BackboneContract, EncodesToFiniteFloatsOfItsWidth) {
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    ASSERT_GT(backbone->width(), 0);
    const Tensor hidden = backbone->encode(history_);
    EXPECT_EQ(hidden.sizes(), (std::vector<int64_t>{toy::kEvents, backbone->width()}));
    EXPECT_EQ(hidden.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::isfinite(hidden).all().item<bool>());
  }
}

TEST_P(BackboneContract, IgnoresWhatLiesAfterTheLength) {
  const Tensor beyond = at::arange(toy::kHistory) >= history_.length.unsqueeze(1);
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    const Tensor hidden = backbone->encode(history_);
    for (const int64_t item : {3, 8}) {
      const History other = {history_.items.masked_fill(beyond, item), history_.length,
                             history_.event};
      EXPECT_TRUE(toy::near(backbone->encode(other), hidden, 1e-6)) << "filled with item " << item;
    }
  }
}

TEST_P(BackboneContract, IgnoresTheOtherRowsAndTheEvent) {
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    const Tensor hidden = backbone->encode(history_);
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const History one = {history_.items.narrow(0, row, 1), history_.length.narrow(0, row, 1),
                           at::full({1}, -1, at::kLong)};
      EXPECT_TRUE(toy::near(backbone->encode(one), hidden.narrow(0, row, 1), 1e-5))
          << "row " << row;
    }
  }
}

TEST_P(BackboneContract, TellsHistoriesApart) {
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    const Tensor hidden = backbone->encode(history_);
    // Events 3 and 6 have the histories 1 2 3 and none; 5 and 7 have 5 and 7.
    EXPECT_FALSE(toy::near(hidden[3], hidden[6], 1e-6));
    EXPECT_FALSE(toy::near(hidden[5], hidden[7], 1e-6));
  }
}

TEST_P(BackboneContract, EqualSeedsGiveEqualStates) {
  const auto first = cases(), again = cases();
  for (size_t i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(first[i].name);
    EXPECT_TRUE(
        toy::near(again[i].backbone->encode(history_), first[i].backbone->encode(history_)));
    for (const auto& backbone : {first[i].backbone, again[i].backbone}) backbone->train();
    torch::manual_seed(3);
    const Tensor hidden = first[i].backbone->encode(history_);
    torch::manual_seed(3);
    EXPECT_TRUE(toy::near(again[i].backbone->encode(history_), hidden)) << "with dropout";
  }
}

TEST_P(BackboneContract, EvalModeDrawsNothing) {
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    const Tensor hidden = backbone->encode(history_);
    torch::manual_seed(99);
    EXPECT_TRUE(toy::near(backbone->encode(history_), hidden));
  }
}

TEST_P(BackboneContract, GradientsReachEveryParameter) {
  for (const auto& [name, backbone] : cases()) {
    SCOPED_TRACE(name);
    backbone->train();
    torch::manual_seed(5);
    // Squares of differently weighted places: sums of a layer norm's output have no gradient.
    const Tensor hidden = backbone->encode(history_);
    (hidden.square() * at::linspace(0.5, 2, backbone->width())).sum().backward();
    ASSERT_FALSE(backbone->parameters().empty());
    for (const auto& parameter : backbone->named_parameters()) {
      ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
      EXPECT_GT(parameter.value().grad().abs().sum().item<double>(), 0) << parameter.key();
      EXPECT_TRUE(at::isfinite(parameter.value().grad()).all().item<bool>()) << parameter.key();
    }
  }
}

TEST_P(BackboneContract, TwoHaveParametersOfTheirOwn) {
  const auto first = cases(), again = cases();
  for (size_t i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(first[i].name);
    const Tensor before = again[i].backbone->encode(history_).detach().clone();
    torch::NoGradGuard no_grad;
    for (Tensor& parameter : first[i].backbone->parameters()) parameter.add_(1);
    EXPECT_TRUE(toy::near(again[i].backbone->encode(history_), before));
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, BackboneContract,
                         ::testing::ValuesIn(toy::registry().ids("backbone")), toy::test_name);

TEST(BackboneContracts, CoverTheBundledOnes) {
  EXPECT_THAT(toy::registry().ids("backbone"),
              ::testing::IsSupersetOf({"lea.gru4rec", "lea.sasrec"}));
}

}  // namespace
}  // namespace lea
