// The rewards of the bundled environments in a run whose sampled items come from a pool.
#include <fstream>
#include <set>

#include "tests/contract/environment_values.h"

namespace lea {
namespace {

// In a run with a pool an environment may have no reward for a sampled item outside it.
class EnvironmentValuesWithAPool : public EnvironmentValues {
 protected:
  static constexpr int64_t kPool = 3;

  EnvironmentValuesWithAPool() {
    // Row e: three of the seven other items, distinct and in another order for each event.
    const Tensor columns = (at::arange(toy::kEvents).unsqueeze(1) * 2 + at::arange(kPool)) % 7;
    context_.negatives = toy::whole_pool().gather(1, columns).contiguous();
  }

  // 10 x event + item for the logged item, with `more`, and the pool of each event, and 1e6 for any
  // other pair.
  json telling(int64_t more = 0) const {
    const std::string path = ::testing::TempDir() + "/telling_pool.tsv";
    std::ofstream file(path);
    file << "sequence_id\tposition\titem_id\treward\n";
    for (int64_t event = 0; event < toy::kEvents; ++event) {
      const int64_t sequence = event < 4 ? 0 : event < 6 ? 1 : 2;
      const int64_t position = event - std::vector<int64_t>{0, 4, 6}[sequence];
      std::vector<int64_t> items = {context_.data.item[event].item<int32_t>()};
      for (int64_t j = 0; j < kPool; ++j) items.push_back(pool(event, j));
      // The file holds each pair once, also where a pool has an item twice.
      for (const int64_t item : std::set<int64_t>(items.begin(), items.end())) {
        file << "s" << sequence << '\t' << position << "\ti" << item << '\t'
             << 10 * event + item + (item == items.front() ? more : 0) << '\n';
      }
    }
    return {{"id", "lea.table"}, {"params", {{"rewards", path}, {"default_reward", 1e6}}}};
  }

  int64_t pool(int64_t event, int64_t j) const {
    return context_.negatives[event][j].item<int64_t>();
  }

  // The rewards of every event's logged item and whole pool: [E, 1 + P].
  Tensor all(Environment& environment) const {
    const Tensor logged = context_.data.item.to(at::kLong).unsqueeze(1);
    std::vector<Role> roles(1 + kPool, Role::kSampled);
    roles[0] = Role::kLogged;
    return environment.reward(context_.data.histories(at::arange(toy::kEvents)),
                              at::cat({logged, context_.negatives}, 1), roles);
  }
};

TEST_F(EnvironmentValuesWithAPool, ShuffledPairsMovesTheWholePool) {
  const Tensor before = all(*context_.environment(telling().dump()));
  const Tensor after = all(*make("lea.shuffled", {{"of", telling()}}));
  const Tensor source = (after.select(1, 0) / 10).floor().to(at::kLong);
  EXPECT_EQ(sorted(source), each_once_);
  EXPECT_FALSE(toy::near(source, at::arange(toy::kEvents)));
  EXPECT_TRUE(toy::near(after, before.index_select(0, source)))
      << "column j gets the reward of column j of the other event";
}

TEST_F(EnvironmentValuesWithAPool, ShuffledWithinRoleMovesThePoolsApartFromTheLoggedItems) {
  const Tensor before = all(*context_.environment(telling().dump()));
  const Tensor after = all(*make("lea.shuffled", {{"of", telling()}, {"scope", "within_role"}}));
  const Tensor logged = (after.select(1, 0) / 10).floor().to(at::kLong),
               sampled = (after.select(1, 1) / 10).floor().to(at::kLong);
  EXPECT_EQ(sorted(logged), each_once_);
  EXPECT_EQ(sorted(sampled), each_once_);
  EXPECT_FALSE(toy::near(logged, sampled));
  EXPECT_TRUE(
      toy::near(after.narrow(1, 1, kPool), before.narrow(1, 1, kPool).index_select(0, sampled)));
}

TEST_F(EnvironmentValuesWithAPool, ShuffledPooledTakesSampledRewardsFromThePools) {
  const Tensor after = all(*make("lea.shuffled", {{"of", telling()}, {"scope", "pooled"}}));
  EXPECT_LT(after.max().item<double>(), 1e6) << "it asked for a pair that no table has";
  std::vector<int64_t> four_times;
  for (const int64_t event : each_once_) four_times.insert(four_times.end(), 4, event);
  EXPECT_EQ(sorted((after / 10).floor()), four_times);
  EXPECT_FALSE(toy::near((after / 10).floor().select(1, 0), (after / 10).floor().select(1, 1)));
}

TEST_F(EnvironmentValuesWithAPool, ShuffledTakesTheFirstColumnOfAnItemThatIsThereTwice) {
  context_.negatives.select(1, 2).copy_(context_.negatives.select(1, 0));
  const Tensor after = all(*make("lea.shuffled", {{"of", telling()}}));
  EXPECT_TRUE(toy::near(after.select(1, 3), after.select(1, 1)));
  EXPECT_LT(after.max().item<double>(), 1e6);
}

TEST_F(EnvironmentValuesWithAPool, MeansAreTakenOverThePool) {
  // Logged items need a higher mean to be matched.
  const json told = telling(5);
  const Tensor before = all(*context_.environment(told.dump())).to(at::kDouble);
  const double logged = before.select(1, 0).mean().item<double>();
  const Tensor actions = toy::longs({1, 5, 6}).view({1, 3});
  for (const int64_t negatives : {1, 2, 3, 1000}) {
    SCOPED_TRACE(negatives);
    const double sampled = before.narrow(1, 1, std::min(negatives, kPool)).mean().item<double>();
    const auto mean = make("lea.class_mean", {{"of", told}, {"negatives", negatives}});
    EXPECT_TRUE(toy::near(rewards(*mean, {0}, actions, three_),
                          at::tensor({logged, sampled, logged}).view({1, 3}), 1e-4));
    const auto matched = make("lea.matched", {{"of", told}, {"negatives", negatives}});
    const Tensor mapped = (before - sampled) / (logged - sampled);
    EXPECT_TRUE(toy::near(all(*matched), mapped, 1e-5 * mapped.abs().max().item<double>()));
  }
}

TEST_F(EnvironmentValuesWithAPool, ItemMeanAveragesOverLoggedAndPooledPairs) {
  const Tensor before = all(*context_.environment(telling().dump()));
  const auto mean = make("lea.item_mean", {{"of", telling()}, {"negatives", 2}});
  std::vector<double> sum(9), count(9);
  for (int64_t event = 0; event < toy::kEvents; ++event) {
    const int64_t items[] = {context_.data.item[event].item<int32_t>(), pool(event, 0),
                             pool(event, 1)};
    for (int64_t k = 0; k < 3; ++k) {
      sum[items[k]] += before[event][k].item<double>();
      count[items[k]] += 1;
    }
  }
  const Tensor actions = at::arange(1, 9, at::kLong).unsqueeze(0);
  const std::vector<Role> roles(8, Role::kSampled);
  const Tensor found = rewards(*mean, {3}, actions, roles);
  for (int64_t item = 1; item <= 8; ++item) {
    ASSERT_GT(count[item], 0);
    EXPECT_NEAR(found[0][item - 1].item<double>(), sum[item] / count[item], 1e-4) << item;
  }
  EXPECT_TRUE(toy::near(rewards(*mean, {8}, actions, roles), found)) << "whatever the history";
}

}  // namespace
}  // namespace lea
