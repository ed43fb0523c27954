#include "core/train/sampler.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.h"

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

// One sequence of these items.
TrainingData training(int64_t items, const std::vector<int32_t>& sequence) {
  TrainingData data;
  data.items = items;
  data.item = at::tensor(sequence, at::kInt);
  data.offset = at::tensor(std::vector<int64_t>{0, std::ssize(sequence)}, at::kLong);
  return data;
}

TEST(NegativeSampler, NeverDrawsTheActionAndReachesEveryOtherItem) {
  spec::NegativesSection section;
  section.count = 3;
  const NegativeSampler sampler(section, training(5, {1, 3, 5}), 1);
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
    const NegativeSampler sampler(section, training(1000, {1}), seed);
    for (int64_t step = 0; step < 200; ++step)
      drawn.insert(sampler.draw(step, events, actions).item<int64_t>());
  }
  EXPECT_EQ(drawn.size(), 4u);
}

TEST(NegativeSampler, DrawsByAPowerOfPopularityWithoutTheAction) {
  // Items 1, 2, 4 and 5 occur 9, 4, 1 and 1 times; the roots are 3, 2, 1 and 1.
  const TrainingData data = training(5, {1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 5});
  spec::NegativesSection section;
  section.count = section.pool = 2000;
  section.popularity_power = 0.5;
  const std::vector<int64_t> events = {0, 9}, actions = {1, 2};
  const Tensor drawn = NegativeSampler(section, data, 1).draw(3, events, actions);
  const Tensor pool = draw_pool(section, 5, data);
  EXPECT_TRUE(drawn.equal(NegativeSampler(section, data, 1).draw(3, events, actions)));
  EXPECT_FALSE(drawn.equal(NegativeSampler(section, data, 1).draw(4, events, actions)));
  const std::vector<double> without_1 = {0, 0, 2. / 4, 0, 1. / 4, 1. / 4},
                            without_2 = {0, 3. / 5, 0, 0, 1. / 5, 1. / 5};
  for (const Tensor& found : {drawn[0], pool[0], drawn[1], pool[9]}) {
    const bool second = found.eq(1).any().item<bool>();
    const std::vector<double>& share = second ? without_2 : without_1;
    const Tensor times = at::bincount(found, {}, 6);
    // The standard deviation of a count is 22 at most: five of them.
    for (int64_t item = 1; item <= 5; ++item) {
      const int64_t count = times[item].item<int64_t>();
      EXPECT_NEAR(count, 2000 * share[item], 110) << "item " << item;
      EXPECT_EQ(count == 0, share[item] == 0) << "item " << item;
    }
  }
}

TEST(NegativeSampler, RefusesPopularityWhereOneItemAloneOccurs) {
  spec::NegativesSection section;
  section.popularity_power = 1;
  const std::vector<int64_t> events = {0}, actions = {2};
  try {
    NegativeSampler(section, training(5, {2, 2}), 1).draw(0, events, actions);
    FAIL() << "nothing thrown";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "negatives.popularity_power: the training events hold one item alone, so that no "
                 "other can be drawn by its count; state `popularity_power: 0`");
  }
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
