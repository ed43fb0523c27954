// What `standardised` makes of rewards and states, in numbers that a person can check.
#include <cmath>
#include <fstream>

#include "core/base/safetensors.h"
#include "tests/contract/toy.h"

namespace lea {
namespace {

using nlohmann::json;

class StandardisedValues : public ::testing::Test {
 protected:
  std::shared_ptr<Environment> make(const json& inner, json params = json::object()) {
    params["of"] = inner;
    return context_.environment(toy::use("lea.standardised", params));
  }
  // The rewards of a logged, a sampled and a proposed item: 5, 1 and 2 before they are mapped.
  Tensor rewards(const json& params) {
    const json inner = {{"id", "lea.predefined"},
                        {"params", {{"logged", 5}, {"sampled", 1}, {"proposed", 2}}}};
    return make(inner, params)
        ->reward(context_.data.histories(toy::longs({1})), toy::longs({2, 5, 6}).view({1, 3}),
                 {Role::kLogged, Role::kSampled, Role::kProposed});
  }
  // The state of place p is (p, 5).
  static json states() {
    const std::string path = ::testing::TempDir() + "/two_states.safetensors";
    const Tensor rows = at::stack({at::arange(14.), at::full({14}, 5.)}, 1).contiguous();
    std::ofstream(path, std::ios::binary) << encode_safetensors(
        {{"states", "F32", {14, 2}, {static_cast<const char*>(rows.const_data_ptr()), 112}}});
    return {{"id", "lea.table"}, {"params", {{"states", path}}}};
  }

  torch::NoGradGuard no_grad_;
  toy::Context context_;
};

// Logged items have 5 and sampled ones 1, so the mean is 3 and the deviation 2.
TEST_F(StandardisedValues, RewardsHaveTheMeanZeroAndTheDeviationOneOverBothRoles) {
  const auto row = [](double logged, double sampled, double proposed) {
    return at::tensor({logged, sampled, proposed}).view({1, 3});
  };
  EXPECT_TRUE(toy::near(rewards(json::object()), row(1, -1, -.5), 1e-6));
  EXPECT_TRUE(toy::near(rewards({{"negatives", 7}}), row(1, -1, -.5), 1e-6))
      << "more sampled items do not weigh more";
  EXPECT_TRUE(toy::near(rewards({{"rewards", "centre"}}), row(2, -2, -1), 1e-6));
  EXPECT_TRUE(toy::near(rewards({{"rewards", "keep"}}), row(5, 1, 2)));
}

TEST_F(StandardisedValues, EqualRewardsAreRefusedUnlessTheyAreOnlyCentred) {
  const json equal = {{"id", "lea.predefined"}, {"params", {{"sampled", 1}}}};
  const History history = context_.data.histories(toy::longs({1}));
  const Tensor action = toy::longs({2}).view({1, 1});
  EXPECT_TRUE(
      toy::near(make(equal, {{"rewards", "centre"}})->reward(history, action, {Role::kLogged}),
                at::zeros({1, 1}), 1e-6));
  const auto standardised = make(equal);
  try {
    standardised->reward(history, action, {Role::kLogged});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "standardised: the inner environment gives all items the same reward (1.000000), "
                 "so no map brings the deviation to 1: state `rewards: centre` or `keep`, or use "
                 "another environment");
  }
}

// The places before training events, without those of empty histories, are 1 2 3 | 6 | 9 10 11 12,
// with the mean 6.75 and the variance 62 - 6.75^2 = 16.4375.
TEST_F(StandardisedValues, StatesAreStandardisedByCoordinateAndStayZeroAfterAnEmptyHistory) {
  const auto environment = make(states());
  ASSERT_EQ(environment->state_width(), 2);
  // An empty history, one before an event, the end of a sequence.
  const Tensor found = environment->state(context_.data.histories_at(toy::longs({5, 3, 4})));
  const double deviation = std::sqrt(16.4375);
  EXPECT_TRUE(toy::near(found.select(1, 0),
                        at::tensor({0., (3 - 6.75) / deviation, (4 - 6.75) / deviation}), 1e-5));
  EXPECT_TRUE(toy::near(found.select(1, 1), at::zeros({3}))) << "it never changes";
  const auto kept = make(states(), {{"states", false}});
  EXPECT_TRUE(toy::near(kept->state(context_.data.histories_at(toy::longs({5, 3}))),
                        at::tensor({5., 5., 3., 5.}).view({2, 2})));
}

}  // namespace
}  // namespace lea
