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
    for (const char* id : {"lea.supervised", "lea.snqn", "lea.sa2c"}) {
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
      // The history of event 0 is empty, so item 8 is none of its inputs.
      table[8].zero_();
      const Tensor after = framework->score(transition(1).history);
      EXPECT_EQ(after[0][7].item<float>(), 0) << "the bias starts at 0";
      EXPECT_NE(before[0][7].item<float>(), 0);
      EXPECT_TRUE(toy::near(after[0].slice(0, 0, 7), before[0].slice(0, 0, 7)));
    }
  }
}

}  // namespace
}  // namespace lea
