// What frameworks refuse before they train on it, and what they compute in special cases.
#include <cmath>

#include "tests/contract/toy.h"

namespace lea {
namespace {

class FrameworkValues : public ::testing::Test {
 protected:
  std::shared_ptr<Framework> make(const std::string& id, nlohmann::json params) {
    const PluginEntry& entry = toy::registry().get("framework", id);
    return entry.framework(spec::to_values(entry.params, params, "toy"), context_);
  }
  // Three events with `negatives` sampled items each.
  Transition transition(int64_t negatives) const {
    Transition batch;
    batch.history = context_.data.histories(toy::longs({0, 2, 5}));
    batch.next = context_.data.histories(toy::longs({1, 3, 6}));
    batch.action = toy::longs({1, 3, 6});
    batch.negatives = at::full({3, negatives}, 8, at::kLong);
    batch.reward = at::ones({3});
    batch.negative_reward = at::zeros({3, negatives});
    batch.done = at::zeros({3}, at::kBool);
    return batch;
  }
  toy::Context context_;
};

TEST_F(FrameworkValues, Sa2cRefusesClipBoundsTheWrongWayRound) {
  EXPECT_NO_THROW(make("lea.sa2c", {{"clip_min", 2}, {"clip_max", 2}}));
  try {
    make("lea.sa2c", {{"clip_min", 3}, {"clip_max", 2}});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "toy: clip_min: must not be above clip_max (2), but is 3");
  }
}

TEST_F(FrameworkValues, Sa2cNeedsSampledItemsForItsAdvantage) {
  EXPECT_EQ(toy::registry().get("framework", "lea.sa2c").min_negatives, 1);
  EXPECT_EQ(toy::registry().get("framework", "lea.snqn").min_negatives, 0);
}

TEST_F(FrameworkValues, SnqnWithoutSampledItemsIsSqn) {
  torch::manual_seed(3);
  const auto snqn = make("lea.snqn", nlohmann::json::object());
  torch::manual_seed(3);
  const auto sqn = make("lea.sqn", nlohmann::json::object());
  const Tensor a = snqn->loss(transition(0), {0, 1}).value,
               b = sqn->loss(transition(0), {0, 1}).value;
  EXPECT_TRUE(toy::near(a, b));
}

TEST_F(FrameworkValues, RewardWeightedIsSupervisedWhereRewardsAreEqual) {
  torch::manual_seed(3);
  const auto weighted = make("lea.reward_weighted", {{"temperature", 0.01}});
  torch::manual_seed(3);
  const auto supervised = make("lea.supervised", nlohmann::json::object());
  EXPECT_TRUE(toy::near(weighted->loss(transition(0), {0, 1}).value,
                        supervised->loss(transition(0), {0, 1}).value, 1e-6));
}

TEST_F(FrameworkValues, RewardWeightedWeighsEachRowByItsReward) {
  Transition batch = transition(0);
  batch.reward = at::tensor({1.0f, 0.5f, -1.0f});
  const auto loss = [&](nlohmann::json params) {
    torch::manual_seed(3);
    return make("lea.reward_weighted", std::move(params))->loss(batch, {0, 1});
  };
  // The cross-entropies of the three rows, from batches of one row.
  std::vector<double> rows;
  for (int64_t row = 0; row < 3; ++row) {
    torch::manual_seed(3);
    Transition one;
    one.history = {batch.history.items.narrow(0, row, 1), batch.history.length.narrow(0, row, 1),
                   batch.history.event.narrow(0, row, 1)};
    one.action = batch.action.narrow(0, row, 1);
    const auto supervised = make("lea.supervised", nlohmann::json::object());
    rows.push_back(supervised->loss(one, {0, 1}).value.item<double>());
  }
  const auto expect_weights = [&](nlohmann::json params, const std::vector<double>& weights) {
    double sum = 0;
    for (size_t row = 0; row < 3; ++row) sum += weights[row] * rows[row] / 3;
    EXPECT_NEAR(loss(params).value.item<double>(), sum, 1e-5) << params;
  };
  const double a = std::exp(2), b = std::exp(1), c = std::exp(-2), mean = (a + b + c) / 3;
  expect_weights({{"temperature", 0.5}}, {a / mean, b / mean, c / mean});
  expect_weights({{"temperature", 0.5}, {"normalise", false}}, {a, b, c});
  expect_weights({{"temperature", 0.5}, {"normalise", false}, {"clip", 3}}, {3, b, c});
  expect_weights({{"temperature", 0.5}, {"clip", 1}}, {1, b / mean, c / mean});
  // exp(1e6) is infinite; the largest reward then has all the weight.
  expect_weights({{"temperature", 1e-6}}, {3, 0, 0});
  EXPECT_TRUE(loss({{"temperature", 1e-6}, {"normalise", false}}).value.isfinite().item<bool>());
}

TEST_F(FrameworkValues, TwinsWithOneHeadRefuseATiedBackbone) {
  context_.backbone = "lea.gru4rec";
  context_.backbone_values = {{"tied", true}};
  EXPECT_NO_THROW(make("lea.snqn", nlohmann::json::object()));
  try {
    make("lea.snqn", {{"supervised_head", "shared"}});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "framework.supervised_head: `shared` needs a head with a weight of its own, which "
        "a backbone with `tied: true` does not leave; use `supervised_head: own` or `tied: "
        "false`");
  }
}

// Scores, hidden states and one step, for both backbones under each framework that has a head.
TEST_F(FrameworkValues, ATiedBackboneGivesItsItemVectorsToTheSupervisedHead) {
  context_.backbone_values = {{"tied", true}};
  for (const char* backbone : {"lea.gru4rec", "lea.sasrec"}) {
    for (const char* id : {"lea.supervised", "lea.snqn", "lea.sa2c", "lea.reward_weighted"}) {
      SCOPED_TRACE(std::string(backbone) + " " + id);
      context_.backbone = backbone;
      const auto framework = make(id, nlohmann::json::object());
      framework->eval();
      Tensor table;
      for (const auto& parameter : framework->named_parameters()) {
        EXPECT_FALSE(parameter.key().ends_with("supervised.weight")) << parameter.key();
        const bool embeds = parameter.key().ends_with("embedding.weight") ||
                            parameter.key().ends_with("item.weight");
        if (embeds && !table.defined()) table = parameter.value();
      }
      ASSERT_TRUE(table.defined());
      const torch::NoGradGuard no_grad;
      const Tensor before = framework->score(transition(1).history).clone();
      // Row 1 has the history 1, 2, so item 8 is none of its inputs.
      table[8].zero_();
      const Tensor after = framework->score(transition(1).history);
      EXPECT_EQ(after[1][7].item<float>(), 0) << "the bias starts at 0";
      EXPECT_NE(before[1][7].item<float>(), 0);
      EXPECT_TRUE(toy::near(after[1].slice(0, 0, 7), before[1].slice(0, 0, 7)));
    }
  }
}

}  // namespace
}  // namespace lea
