// The rewards of the bundled environments on the toy training set, in numbers that a person can
// check.
#include <algorithm>
#include <cmath>

#include "core/base/safetensors.h"
#include "tests/contract/environment_values.h"

namespace lea {
namespace {

TEST_F(EnvironmentValues, PredefinedGivesTheRolesTheirConstants) {
  const Tensor actions = toy::longs({1, 5, 6, 2, 5, 6}).view({2, 3});
  EXPECT_TRUE(toy::near(rewards(*make("lea.predefined"), {0, 1}, actions, three_),
                        at::tensor({1., 0., 1., 1., 0., 1.}).view({2, 3})));
  const auto other = make("lea.predefined", {{"logged", 2}, {"sampled", -1}, {"proposed", 0.5}});
  EXPECT_TRUE(toy::near(rewards(*other, {0, 1}, actions, three_),
                        at::tensor({2., -1., .5, 2., -1., .5}).view({2, 3})));
}

TEST_F(EnvironmentValues, PredefinedReadsTheLoggedBehaviour) {
  context_.data.behaviours = {"buy", "click", "wish"};
  context_.data.behaviour =
      at::tensor(std::vector<uint8_t>{1, 0, 2, 1, 1, 1, 1, 1, 1, 1, 0}, at::kByte);
  const Tensor actions = toy::longs({1, 5, 2, 5, 3, 5, 7, 5}).view({4, 2});
  const std::vector<Role> roles = {Role::kLogged, Role::kSampled};
  EXPECT_TRUE(toy::near(rewards(*make("lea.predefined"), {0, 1, 2, 10}, actions, roles),
                        at::tensor({.2, 0., 1., 0., 1., 0., 1., 0.}).view({4, 2}), 1e-7));
  const auto own = make("lea.predefined", {{"behaviours", "wish = 0.5,click=0.1 "}, {"logged", 3}});
  EXPECT_TRUE(toy::near(rewards(*own, {0, 1, 2, 10}, actions, roles),
                        at::tensor({.1, 0., 3., 0., .5, 0., 3., 0.}).view({4, 2}), 1e-7));
  const auto none = make("lea.predefined", {{"behaviours", ""}});
  EXPECT_TRUE(toy::near(rewards(*none, {0, 1, 2, 10}, actions, roles).select(1, 0), at::ones({4})));
}

TEST_F(EnvironmentValues, PredefinedRefusesBehavioursThatItCannotRead) {
  const auto message = [&](const std::string& behaviours) -> std::string {
    try {
      make("lea.predefined", {{"behaviours", behaviours}});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_EQ(message("click=0.2, buy"),
            "predefined: behaviours must read name=reward, name=reward, ..., but `buy` does not: "
            "write for example click=0.2, buy=1");
  for (const std::string bad : {"click=", "=1", "click=nan", "click=1x", "click=1,,buy=2"}) {
    EXPECT_THAT(message(bad), ::testing::HasSubstr("must read name=reward")) << bad;
  }
  EXPECT_EQ(message("buy=1, buy=2"),
            "predefined: behaviours names `buy` twice: keep one of the two");
}

TEST_F(EnvironmentValues, RandomIsUniformOrNormalOverHistoriesAndItems) {
  torch::manual_seed(1);
  const History history = {at::randint(1, 9, {2000, 3}, at::kLong), at::full({2000}, 3, at::kLong),
                           at::full({2000}, -1, at::kLong)};
  const Tensor actions = at::arange(1, 9).expand({2000, 8});
  const std::vector<Role> roles(8, Role::kSampled);
  const Tensor uniform = make("lea.random")->reward(history, actions, roles);
  EXPECT_GE(uniform.min().item<float>(), 0);
  EXPECT_LT(uniform.max().item<float>(), 1);
  EXPECT_NEAR(uniform.mean().item<double>(), 0.5, 0.02);
  EXPECT_NEAR(uniform.std().item<double>(), std::sqrt(1. / 12), 0.01);
  const Tensor normal = make("lea.random", {{"distribution", "normal"}, {"scale", 2}, {"shift", 5}})
                            ->reward(history, actions, roles);
  EXPECT_NEAR(normal.mean().item<double>(), 5, 0.15);
  EXPECT_NEAR(normal.std().item<double>(), 2, 0.1);
  // Within one deviation: 68 % of a normal distribution, 58 % of a uniform one.
  const auto share_near_mean = [](const Tensor& values) {
    return (values - values.mean()).abs().lt(values.std()).to(at::kDouble).mean().item<double>();
  };
  EXPECT_NEAR(share_near_mean(normal), 0.683, 0.03);
  EXPECT_NEAR(share_near_mean(uniform), 0.577, 0.03);
}

TEST_F(EnvironmentValues, RandomDependsOnHistoryItemAndSeed) {
  // Events 1 and 9 have the histories 1 and 7 8 1; event 0 and 4 have none.
  const Tensor same = toy::longs({3, 3, 3, 3}).unsqueeze(1);
  const Tensor r = rewards(*make("lea.random"), {0, 4, 1, 9}, same, {Role::kLogged});
  EXPECT_EQ(r[0].item<float>(), r[1].item<float>());
  EXPECT_NE(r[0].item<float>(), r[2].item<float>());
  EXPECT_NE(r[2].item<float>(), r[3].item<float>());
  const Tensor by_item =
      rewards(*make("lea.random", {{"of", "item"}}), {0, 4, 1, 9}, same, {Role::kLogged});
  EXPECT_TRUE(toy::near(by_item, by_item[0].expand({4}).unsqueeze(1)));
  const Tensor other =
      rewards(*make("lea.random", {{"seed", 2}}), {0, 4, 1, 9}, same, {Role::kLogged});
  EXPECT_NE(other[0].item<float>(), r[0].item<float>());
  context_.run_seed = 2;
  const Tensor other_run = rewards(*make("lea.random"), {0, 4, 1, 9}, same, {Role::kLogged});
  EXPECT_NE(other_run[0].item<float>(), r[0].item<float>());
}

TEST_F(EnvironmentValues, OracleLooksAtTheRestOfTheTrainingSequence) {
  // Event 1 of 1 2 3 4 predicts the 2: what came before, 1, does not count.
  const Tensor actions = toy::longs({1, 4, 5, 1, 2, 3, 6, 7, 5, 7, 8, 1, 7, 8, 2}).view({5, 3});
  EXPECT_TRUE(toy::near(
      rewards(*make("lea.oracle"), {0, 1, 5, 6, 10}, actions, three_),
      at::tensor({1., 1., 0., 0., 1., 1., 1., 0., 0., 1., 1., 1., 1., 0., 0.}).view({5, 3})));
}

TEST_F(EnvironmentValues, ClassMeanKeepsTheMeanOfEachRole) {
  const auto constant =
      make("lea.class_mean",
           {{"of", inner("lea.predefined", {{"logged", 3}, {"sampled", -1}, {"proposed", 0.25}})}});
  const Tensor actions = toy::longs({1, 5, 6}).view({1, 3});
  EXPECT_TRUE(toy::near(rewards(*constant, {0}, actions, three_),
                        at::tensor({3., -1., .25}).view({1, 3}), 1e-6));
  // The oracle gives 1 to every logged item. For each event, this many of the 7 other items stand
  // in the rest of its sequence: 3 2 1 0 | 1 0 | 3 3 2 1 0. In all these are 16 of 77.
  const auto oracle = make("lea.class_mean", {{"of", inner("lea.oracle")}, {"negatives", 1000}});
  const Tensor means = rewards(*oracle, {3}, actions, three_);
  EXPECT_NEAR(means[0][0].item<double>(), 1, 1e-6);
  EXPECT_NEAR(means[0][1].item<double>(), 16. / 77, 0.015);
  EXPECT_NEAR(means[0][2].item<double>(), 1, 1e-6);
}

TEST_F(EnvironmentValues, ClassMeanSamplesTheTrainingEvents) {
  // Event e's logged reward is 10 e + item; the mean of all is 50 + 46 / 11.
  const Tensor action = toy::longs({1}).view({1, 1});
  const auto all = make("lea.class_mean", {{"of", telling()}});
  EXPECT_NEAR(rewards(*all, {0}, action, {Role::kLogged})[0][0].item<double>(), 50 + 46. / 11,
              1e-4);
  const auto one = make("lea.class_mean", {{"of", telling()}, {"sample", 1}});
  const double mean = rewards(*one, {0}, action, {Role::kLogged})[0][0].item<double>();
  const int64_t event = int64_t(mean) / 10;
  EXPECT_NEAR(mean, 10 * event + context_.data.item[event].item<double>(), 1e-4)
      << "one event's reward";
}

TEST_F(EnvironmentValues, MatchedBringsTheMeansToOneAndZero) {
  const auto affine =
      make("lea.matched",
           {{"of", inner("lea.predefined", {{"logged", 3}, {"sampled", 1}, {"proposed", 2}})}});
  EXPECT_TRUE(toy::near(rewards(*affine, {0}, toy::longs({1, 5, 6}).view({1, 3}), three_),
                        at::tensor({1., 0., .5}).view({1, 3}), 1e-6));
  // The oracle's sampled mean is 16 / 77, so 0 becomes -(16 / 77) / (61 / 77) = -16 / 61.
  const auto oracle = make("lea.matched", {{"of", inner("lea.oracle")}, {"negatives", 1000}});
  const Tensor mapped = rewards(*oracle, {0}, toy::longs({1, 5, 4}).view({1, 3}), three_);
  EXPECT_NEAR(mapped[0][0].item<double>(), 1, 1e-6);
  EXPECT_NEAR(mapped[0][1].item<double>(), -16. / 61, 0.025);
}

TEST_F(EnvironmentValues, MatchedMeansHoldOverEveryTrainingEvent) {
  constexpr int64_t kMany = 30000;
  context_.data.item = (at::arange(kMany) * 5 % 7 % toy::kItems + 1).to(at::kInt);
  context_.data.offset = at::arange(0, kMany + 1, 10);
  // With this seed logged items have a higher mean.
  const auto matched = make("lea.matched", {{"of", inner("lea.random", {{"seed", 2}})}});
  EXPECT_THAT(context_.logged, ::testing::IsEmpty());
  const Tensor events = at::arange(kMany);
  const Tensor mapped =
      matched->reward(context_.data.histories(events),
                      context_.data.item.to(at::kLong).unsqueeze(1), {Role::kLogged});
  EXPECT_NEAR(mapped.mean(at::kDouble).item<double>(), 1, 1e-4);
}

TEST_F(EnvironmentValues, MatchedRefusesEqualMeans) {
  try {
    make("lea.matched", {{"of", inner("lea.predefined", {{"sampled", 1}})}});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "matched: the inner environment gives logged and sampled items the same mean reward "
        "(1.000000 and 1.000000), so no map brings them to 1 and 0: use it without "
        "`matched`, or another environment");
  }
}

TEST_F(EnvironmentValues, MatchedRefusesRewardsThatRankTheWrongWay) {
  try {
    make("lea.matched", {{"of", inner("lea.predefined", {{"logged", -1}, {"sampled", 0.5}})}});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "matched: the inner environment gives logged items a lower mean reward than sampled ones "
        "(-1.000000 and 0.500000), so it ranks the wrong way. The map to 1 and 0 would turn it "
        "round by what was logged, and hide that: use it as it is, in `standardised`, or use "
        "another environment");
  }
}

TEST_F(EnvironmentValues, MatchedWarnsOfAGapWithinTwoStandardErrors) {
  make("lea.matched", {{"of", telling(1)}});
  ASSERT_THAT(context_.logged, ::testing::SizeIs(1));
  EXPECT_THAT(context_.logged[0],
              ::testing::HasSubstr("matched: the inner environment hardly tells logged items from "
                                   "sampled ones: their mean rewards are "));
  EXPECT_THAT(context_.logged[0], ::testing::HasSubstr("the difference has a standard error of "));
  context_.logged.clear();
  make("lea.matched", {{"of", telling(100)}});
  EXPECT_THAT(context_.logged, ::testing::IsEmpty());
}

TEST_F(EnvironmentValues, ShuffledPairsMovesAnEventsRewardsTogether) {
  const auto shuffled = make("lea.shuffled", {{"of", telling()}});
  const Tensor found = all_events(*shuffled, 4);
  const Tensor source = (found / 10).floor();
  EXPECT_EQ(sorted(source.select(1, 0)), each_once_);
  EXPECT_TRUE(toy::near(source.select(1, 1), source.select(1, 0)));
  EXPECT_FALSE(toy::near(source.select(1, 0), at::arange(toy::kEvents)));
  const Tensor item = context_.data.item.index_select(0, source.select(1, 0).to(at::kLong));
  EXPECT_TRUE(toy::near(found.select(1, 0) - 10 * source.select(1, 0), item))
      << "the logged item of the other event";
  EXPECT_TRUE(toy::near(found.select(1, 1) - 10 * source.select(1, 1), at::full({11}, 4)))
      << "the sampled item as it was";
}

TEST_F(EnvironmentValues, ShuffledWithinRoleMovesTheRolesApart) {
  const auto shuffled = make("lea.shuffled", {{"of", telling()}, {"scope", "within_role"}});
  const Tensor source = (all_events(*shuffled) / 10).floor();
  EXPECT_EQ(sorted(source.select(1, 0)), each_once_);
  EXPECT_EQ(sorted(source.select(1, 1)), each_once_);
  EXPECT_FALSE(toy::near(source.select(1, 1), source.select(1, 0)));
  const auto constant =
      make("lea.shuffled", {{"of", inner("lea.predefined")}, {"scope", "within_role"}});
  EXPECT_TRUE(toy::near(all_events(*constant),
                        at::tensor({1., 0.}).expand({toy::kEvents, 2}).contiguous()));
}

TEST_F(EnvironmentValues, ShuffledPooledMixesTheRolesAndLosesNone) {
  const std::vector<Role> roles = {Role::kLogged, Role::kSampled, Role::kSampled};
  const Tensor logged = context_.data.item.to(at::kLong);
  const Tensor actions = at::stack({logged, logged % 8 + 1, (logged + 3) % 8 + 1}, 1);
  const History history = context_.data.histories(at::arange(toy::kEvents));
  const auto constant =
      make("lea.shuffled", {{"of", inner("lea.predefined")}, {"scope", "pooled"}});
  const Tensor ones = constant->reward(history, actions, roles);
  EXPECT_EQ(ones.sum().item<double>(), 11) << "11 of 33 places hold a logged reward";
  EXPECT_LT(ones.select(1, 0).sum().item<double>(), 11) << "but not all in the first column";
  const auto telling_one = make("lea.shuffled", {{"of", telling()}, {"scope", "pooled"}});
  const Tensor source = (telling_one->reward(history, actions, roles) / 10).floor();
  std::vector<int64_t> thrice;
  for (const int64_t event : each_once_) thrice.insert(thrice.end(), 3, event);
  EXPECT_EQ(sorted(source), thrice);
}

TEST_F(EnvironmentValues, ShuffledAsksForProposalsWithThePairsPermutation) {
  const Tensor logged = context_.data.item.to(at::kLong);
  const History history = context_.data.histories(at::arange(toy::kEvents));
  const Tensor pairs =
      (all_events(*make("lea.shuffled", {{"of", telling()}})) / 10).floor().select(1, 0);
  for (const std::string scope : {"pairs", "within_role", "pooled"}) {
    const auto shuffled = make("lea.shuffled", {{"of", telling()}, {"scope", scope}});
    const Tensor found = shuffled->reward(history, at::full({11, 1}, 6), {Role::kProposed});
    EXPECT_TRUE(toy::near(found.select(1, 0), 10 * pairs + 6)) << scope;
  }
}

TEST_F(EnvironmentValues, ItemMeanIsTheMeanOfAnItemsRewards) {
  // With all seven other items of each event, about: the oracle gives item i 1 at the events of its
  // sequence up to its last occurrence, and 0 at the others.
  const auto mean = make("lea.item_mean", {{"of", inner("lea.oracle")}, {"negatives", 1000}});
  const Tensor actions = at::arange(1, 9, at::kLong).unsqueeze(0);
  const Tensor found = rewards(*mean, {0}, actions, std::vector<Role>(8, Role::kLogged));
  // Item 4 is drawn at events 0, 1 and 2, which 4 follows, and at seven others; item 5 at none
  // that it follows, and at ten others. Being logged once hardly counts beside 143 draws an event.
  EXPECT_NEAR(found[0][3].item<double>(), 0.3, 0.03);
  EXPECT_NEAR(found[0][4].item<double>(), 0.0, 0.01);
  const auto constant = make("lea.item_mean", {{"of", inner("lea.predefined")}, {"negatives", 1}});
  const Tensor shares = rewards(*constant, {0}, actions, std::vector<Role>(8, Role::kLogged));
  EXPECT_GT(shares.min().item<double>(), 0) << "every item is logged";
  EXPECT_LE(shares.max().item<double>(), 1);
}

TEST_F(EnvironmentValues, ItemMeanGivesAnUnseenItemTheMeanOfTheSampledOnes) {
  context_.negatives = at::full({toy::kEvents, 1}, 5, at::kLong);
  context_.data.item = at::full({toy::kEvents}, 1, at::kInt);
  const auto mean = make("lea.item_mean", {{"of", inner("lea.predefined", {{"sampled", 0.25}})}});
  EXPECT_TRUE(toy::near(rewards(*mean, {0}, toy::longs({1, 5, 8}).view({1, 3}), three_),
                        at::tensor({1., .25, .25}).view({1, 3})));
}

// States that show their place: place p has the state p.
TEST_F(EnvironmentValues, ShuffledMovesStatesWithThePairsAndEndsAmongEnds) {
  const std::string path = ::testing::TempDir() + "/place_states.safetensors";
  const Tensor numbers = at::arange(14.);
  std::ofstream(path, std::ios::binary) << encode_safetensors(
      {{"states", "F32", {14, 1}, {static_cast<const char*>(numbers.const_data_ptr()), 56}}});
  const json states = {{"id", "lea.table"}, {"params", {{"states", path}}}};
  const auto shuffled = make("lea.shuffled", {{"of", states}, {"states", true}});
  ASSERT_EQ(shuffled->state_width(), 1);
  const Tensor places = at::arange(14);
  const Tensor found = shuffled->state(context_.data.histories_at(places)).squeeze(1).to(at::kLong);
  const Tensor ends = toy::longs({4, 7, 13});  // of the three sequences
  EXPECT_EQ(sorted(found), sorted(places)) << "each state once";
  EXPECT_EQ(sorted(found.index_select(0, ends)), sorted(ends));
  EXPECT_FALSE(toy::near(found, places));
  // The rewards of event e come from event p(e), and so does its state.
  const Tensor events = context_.data.histories_at(places).event;
  const Tensor source =
      (all_events(*make("lea.shuffled", {{"of", telling()}})) / 10).floor().select(1, 0);
  for (int64_t place = 0; place < 14; ++place) {
    const int64_t event = events[place].item<int64_t>();
    if (event < 0) continue;
    EXPECT_EQ(events[found[place].item<int64_t>()].item<int64_t>(), source[event].item<int64_t>())
        << "event " << event;
  }
  History outside = context_.data.histories_at(toy::longs({2, 3}));
  outside.place = toy::longs({-1, 3});
  EXPECT_EQ(shuffled->state(outside)[0].item<double>(), 0) << "as the inner environment has it";
  EXPECT_EQ(shuffled->state(outside)[1].item<int64_t>(), found[3].item<int64_t>());
  const auto plain = make("lea.shuffled", {{"of", states}});
  EXPECT_TRUE(toy::near(plain->state(context_.data.histories_at(places)).squeeze(1), places));
}

TEST_F(EnvironmentValues, ShuffledLeavesOtherHistoriesAndSeedsApart) {
  const auto first = make("lea.shuffled", {{"of", telling()}});
  const auto second = make("lea.shuffled", {{"of", telling()}, {"seed", 2}});
  EXPECT_FALSE(toy::near(all_events(*second), all_events(*first)));
  History history = context_.data.histories(toy::longs({1, 2}));
  history.event = toy::longs({-1, 2});
  for (const std::string scope : {"pairs", "within_role", "pooled"}) {
    const auto random = make("lea.random");
    const auto shuffled = make("lea.shuffled", {{"of", inner("lea.random")}, {"scope", scope}});
    const Tensor actions = toy::longs({2, 5, 6, 3, 5, 6}).view({2, 3});
    EXPECT_TRUE(toy::near(shuffled->reward(history, actions, three_)[0],
                          random->reward(history, actions, three_)[0]))
        << scope;
  }
}

}  // namespace
}  // namespace lea
