#include "core/train/sampler.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "tests/base/message.h"

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

// Training sequences of items 1..N.
TrainingData training(int64_t items, const std::vector<std::vector<int32_t>>& sequences) {
  TrainingData data;
  data.items = items;
  data.history = 2;
  std::vector<int32_t> item;
  std::vector<int64_t> offset = {0};
  for (const auto& sequence : sequences) {
    item.insert(item.end(), sequence.begin(), sequence.end());
    offset.push_back(std::ssize(item));
  }
  data.item = torch::tensor(item, at::kInt);
  data.offset = torch::tensor(offset, at::kLong);
  return data;
}

spec::NegativesSection negatives(const std::string& exclude, int64_t count = 1) {
  spec::NegativesSection section;
  section.exclude = exclude;
  section.count = count;
  return section;
}

TEST(AllowedItems, AreCountedAcrossTheExcludedOnes) {
  const std::vector<int64_t> excluded = {1, 3, 4, 8};
  std::vector<int64_t> allowed;
  for (int64_t n = 0; n < 6; ++n) allowed.push_back(allowed_item(n, excluded));
  EXPECT_EQ(allowed, (std::vector<int64_t>{2, 5, 6, 7, 9, 10}));
  EXPECT_EQ(allowed_item(0, {}), 1);
}

TEST(AllowedItems, LackTheLoggedItemOrTheHistoryOrTheSequence) {
  // Events 0 to 4: 4 2 4 5 2; events 5 and 6: 9 1.
  const TrainingData data = training(9, {{4, 2, 4, 5, 2}, {9, 1}});
  const auto excluded = [&](const std::string& exclude, int64_t event) {
    std::vector<int64_t> room;
    const auto items = AllowedItems(exclude, data).excluded(event, room);
    return std::vector<int64_t>(items.begin(), items.end());
  };
  using Items = std::vector<int64_t>;
  EXPECT_EQ(excluded("target", 3), Items{5});
  EXPECT_EQ(excluded("history", 0), Items{4});
  EXPECT_EQ(excluded("history", 2), (Items{2, 4})) << "also where the logged item came before";
  EXPECT_EQ(excluded("history", 4), (Items{2, 4, 5})) << "longer than the history of a model";
  EXPECT_EQ(excluded("history", 5), Items{9});
  EXPECT_EQ(excluded("sequence", 0), (Items{2, 4, 5}));
  EXPECT_EQ(excluded("sequence", 6), (Items{1, 9}));
}

TEST(AllowedItems, AreRefusedWhereNoneIsLeft) {
  const TrainingData data = training(3, {{1, 2}, {2, 1, 2, 3}});
  for (const std::string exclude : {"history", "sequence"}) {
    EXPECT_EQ(message_of([&] { AllowedItems(exclude, data); }),
              "negatives.exclude: `" + exclude +
                  "` leaves no item to draw, because training sequence 2 has every item of the "
                  "data set; state `exclude: target`");
    EXPECT_THROW(draw_pool(negatives(exclude), data), DataError);
  }
  EXPECT_EQ(message_of([&] { AllowedItems("target", data); }), "");
}

TEST(NegativeSampler, NeverDrawsTheActionAndReachesEveryOtherItem) {
  const NegativeSampler sampler(negatives("target", 3), training(5, {{1, 3, 5}}), {}, 1);
  std::set<int64_t> drawn;
  const std::vector<int64_t> events = {0, 1, 2};
  for (int64_t step = 0; step < 100; ++step) {
    const Tensor negatives = sampler.draw(step, events);
    ASSERT_EQ(negatives.sizes(), (std::vector<int64_t>{3, 3}));
    EXPECT_FALSE(negatives.eq(torch::tensor({{1}, {3}, {5}})).any().item<bool>());
    for (int64_t i = 0; i < 9; ++i) drawn.insert(negatives.view(-1)[i].item<int64_t>());
  }
  EXPECT_EQ(drawn, (std::set<int64_t>{1, 2, 3, 4, 5}));
}

// How often each item is drawn at an event, in 6,000 draws each of steps and of the pool.
std::map<int64_t, int> times_drawn(const std::string& exclude, int64_t event, bool pool) {
  const TrainingData data = training(8, {{4, 2, 4, 5, 2}, {8, 1}});
  spec::NegativesSection section = negatives(exclude, 6000);
  section.pool = 6000;
  const std::vector<int64_t> events = {event};
  const Tensor drawn = pool ? draw_pool(section, data)[event]
                            : NegativeSampler(section, data, {}, 3).draw(0, events)[0];
  std::map<int64_t, int> times;
  for (int64_t i = 0; i < drawn.size(0); ++i) ++times[drawn[i].item<int64_t>()];
  return times;
}

TEST(NegativeSampler, DrawsEveryAllowedItemEquallyOftenAndNoOther) {
  const auto check = [](const std::string& exclude, int64_t event, std::set<int64_t> allowed) {
    for (const bool pool : {false, true}) {
      SCOPED_TRACE(exclude + (pool ? " pool" : "") + " event " + std::to_string(event));
      std::set<int64_t> drawn;
      const double due = 6000. / double(allowed.size());
      for (const auto& [item, times] : times_drawn(exclude, event, pool)) {
        drawn.insert(item);
        EXPECT_NEAR(times, due, 5 * std::sqrt(due)) << "item " << item;
      }
      EXPECT_EQ(drawn, allowed);
    }
  };
  check("target", 3, {1, 2, 3, 4, 6, 7, 8});
  check("history", 2, {1, 3, 5, 6, 7, 8});
  check("history", 3, {1, 3, 6, 7, 8});
  check("sequence", 0, {1, 3, 6, 7, 8});
  check("sequence", 5, {2, 3, 4, 5, 6, 7});
}

TEST(Pool, DependsOnItsSeedAndASmallerOneIsTheBeginningOfALargerOne) {
  const TrainingData data = training(50, {{4, 2, 4, 5, 2}, {8, 1}});
  spec::NegativesSection section = negatives("history");
  section.pool = 20;
  const Tensor pool = draw_pool(section, data);
  EXPECT_TRUE(pool.equal(draw_pool(section, data)));
  section.pool = 7;
  EXPECT_TRUE(pool.narrow(1, 0, 7).equal(draw_pool(section, data)))
      << "a smaller pool is the beginning of a larger one";
  section.seed = 2;
  EXPECT_FALSE(pool.narrow(1, 0, 7).equal(draw_pool(section, data)));
}

TEST(NegativeSampler, APoolHoldsAnEventsNegativesFixedWhateverTheRunsSeed) {
  spec::NegativesSection section = negatives("target");
  section.from = "pool";
  section.pool = 4;
  const TrainingData data = training(1000, {{1, 2, 3}});
  const Tensor pool = draw_pool(section, data);
  std::set<int64_t> drawn, due;
  const std::vector<int64_t> events = {1};
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const NegativeSampler sampler(section, data, pool, seed);
    for (int64_t step = 0; step < 200; ++step)
      drawn.insert(sampler.draw(step, events).item<int64_t>());
  }
  for (int64_t j = 0; j < 4; ++j) due.insert(pool[1][j].item<int64_t>());
  EXPECT_EQ(drawn, due);
  EXPECT_EQ(drawn.size(), 4u);
}

TEST(NegativeSampler, DrawsByAPowerOfPopularityWithoutTheAction) {
  // Items 1, 2, 4 and 5 occur 9, 4, 1 and 1 times; the roots are 3, 2, 1 and 1.
  const TrainingData data = training(5, {{1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 5}});
  spec::NegativesSection section;
  section.count = section.pool = 2000;
  section.popularity_power = 0.5;
  const std::vector<int64_t> events = {0, 9};
  const Tensor drawn = NegativeSampler(section, data, {}, 1).draw(3, events);
  const Tensor pool = draw_pool(section, data);
  EXPECT_TRUE(drawn.equal(NegativeSampler(section, data, {}, 1).draw(3, events)));
  EXPECT_FALSE(drawn.equal(NegativeSampler(section, data, {}, 1).draw(4, events)));
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

TEST(NegativeSampler, DrawsByPopularityOutsideTheHistory) {
  spec::NegativesSection section = negatives("history", 500);
  section.popularity_power = section.pool = 1;
  const std::vector<int64_t> events = {2};
  const TrainingData data = training(9, {{4, 2, 4, 5}, {9, 9, 9}});
  const Tensor drawn = NegativeSampler(section, data, {}, 1).draw(0, events)[0];
  const Tensor times = at::bincount(drawn, {}, 10);
  // Items 5 and 9 are left, with 1 and 3 events.
  EXPECT_EQ(times[5].item<int64_t>() + times[9].item<int64_t>(), 500);
  EXPECT_NEAR(times[9].item<int64_t>(), 375, 50);
}

TEST(NegativeSampler, RefusesPopularityWhereNoItemWithAnEventIsLeft) {
  const auto message = [](const std::string& exclude, const TrainingData& data) {
    spec::NegativesSection section = negatives(exclude);
    section.popularity_power = 1;
    const std::vector<int64_t> events = {1};
    return message_of([&] { NegativeSampler(section, data, {}, 1).draw(0, events); });
  };
  const std::string refusal =
      "negatives.popularity_power: at training event 2 no other item that has a training event may "
      "be drawn; state `popularity_power: 0` or `exclude: target`";
  EXPECT_EQ(message("target", training(5, {{2, 2}})), refusal);
  EXPECT_EQ(message("history", training(5, {{2, 3}})), refusal);
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
