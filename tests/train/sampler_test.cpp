#include "core/train/sampler.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace lea::train {
namespace {

TEST(Sampler, ReplayDrawsDistinctEventsAndTheSameOnesForTheSameStep) {
  Sampler sampler(50, 20, "replay", 7);
  const auto batch = sampler.batch(3);
  EXPECT_EQ(std::set<int64_t>(batch.begin(), batch.end()).size(), 20u);
  EXPECT_TRUE(std::all_of(batch.begin(), batch.end(), [](int64_t e) { return e >= 0 && e < 50; }));
  EXPECT_EQ(batch, Sampler(50, 20, "replay", 7).batch(3));
  EXPECT_NE(batch, sampler.batch(4));
  EXPECT_NE(batch, Sampler(50, 20, "replay", 8).batch(3));
}

TEST(Sampler, ReplayDrawsEveryEventEquallyOften) {
  Sampler sampler(10, 3, "replay", 1);
  std::vector<int> times(10, 0);
  for (int64_t step = 0; step < 10000; ++step) {
    for (const int64_t event : sampler.batch(step)) ++times[event];
  }
  // 3,000 expected, standard deviation 46: five of them.
  for (const int count : times) EXPECT_NEAR(count, 3000, 230);
}

TEST(Sampler, AnEpochVisitsEveryEventOnceAndEpochsDiffer) {
  Sampler sampler(10, 4, "epochs", 1);
  ASSERT_EQ(sampler.steps_per_epoch(), 3);
  std::vector<int64_t> epochs[2];
  for (int64_t step = 0; step < 6; ++step) {
    for (const int64_t event : sampler.batch(step)) epochs[step / 3].push_back(event);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  std::vector<int64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  for (auto& epoch : epochs) {
    std::sort(epoch.begin(), epoch.end());
    EXPECT_EQ(epoch, all);
  }
}

TEST(Sampler, GoesOnInTheMiddleOfAnEpochAsIfItHadNeverStopped) {
  Sampler whole(101, 10, "epochs", 5), resumed(101, 10, "epochs", 5);
  for (int64_t step = 0; step < 17; ++step) whole.batch(step);
  EXPECT_EQ(whole.batch(17), resumed.batch(17));
}

TEST(NegativeSampler, NeverDrawsTheActionAndReachesEveryOtherItem) {
  spec::NegativesSection section;
  section.count = 3;
  const NegativeSampler sampler(section, 5, 1);
  std::set<int64_t> drawn;
  const std::vector<int64_t> events = {0, 1, 2}, actions = {1, 3, 5};
  for (int64_t step = 0; step < 100; ++step) {
    const Tensor negatives = sampler.draw(step, events, actions);
    ASSERT_EQ(negatives.sizes(), (std::vector<int64_t>{3, 3}));
    EXPECT_FALSE(negatives.eq(torch::tensor({{1}, {3}, {5}})).any().item<bool>());
    for (int64_t i = 0; i < 9; ++i) drawn.insert(negatives.view(-1)[i].item<int64_t>());
  }
  EXPECT_EQ(drawn, (std::set<int64_t>{1, 2, 3, 4, 5}));
}

TEST(NegativeSampler, APoolHoldsAnEventsNegativesFixedWhateverTheRunsSeed) {
  spec::NegativesSection section;
  section.count = 1;
  section.from = "pool";
  section.pool = 4;
  std::set<int64_t> drawn;
  const std::vector<int64_t> events = {9}, actions = {1};
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const NegativeSampler sampler(section, 1000, seed);
    for (int64_t step = 0; step < 200; ++step)
      drawn.insert(sampler.draw(step, events, actions).item<int64_t>());
  }
  EXPECT_EQ(drawn.size(), 4u);
}

TEST(History, IsTheLastItemsRightPadded) {
  const std::vector<uint32_t> item = {11, 12, 13, 14, 15};
  const std::vector<int64_t> begin = {0, 0, 2}, end = {5, 2, 2}, event = {4, 2, 0},
                             place = {5, 2, 1};
  const History history = build_history(item, begin, end, event, place, 3);
  EXPECT_TRUE(history.items.equal(torch::tensor({{13, 14, 15}, {11, 12, 0}, {0, 0, 0}})));
  EXPECT_TRUE(history.length.equal(torch::tensor({3, 2, 0})));
  EXPECT_TRUE(history.event.equal(torch::tensor({4, 2, 0})));
  EXPECT_TRUE(history.place.equal(torch::tensor({5, 2, 1})));
}

}  // namespace
}  // namespace lea::train
