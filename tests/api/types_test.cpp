#include "core/api/types.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "core/api/twin.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

TEST(TrainingData, CutsHistoriesAtTheSequenceAndAtT) {
  const TrainingData data = training_data(9, 3, {{1, 2, 3, 4, 5}, {6}, {7, 8}});
  const History history = data.histories(at::tensor({0, 4, 5, 7, 2}, at::kLong));
  const auto expected =
      make_history({{0, 0, 0}, {2, 3, 4}, {0, 0, 0}, {7, 0, 0}, {1, 2, 0}}, {0, 3, 0, 1, 2});
  EXPECT_TRUE(at::equal(history.items, expected.items)) << history.items;
  EXPECT_TRUE(at::equal(history.length, expected.length));
  EXPECT_TRUE(at::equal(history.event, at::tensor({0, 4, 5, 7, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(data.sequence_of(history.event), at::tensor({0, 0, 1, 2, 0}, at::kLong)));
}

TEST(TrainingData, HasAPlaceForEachEventAndForTheEndOfEachSequence) {
  const TrainingData data = training_data(9, 3, {{1, 2, 3, 4, 5}, {6}, {7, 8}});
  EXPECT_EQ(data.places(), 11);
  const History history = data.histories_at(at::arange(11, at::kLong));
  const auto expected = make_history({{0, 0, 0},
                                      {1, 0, 0},
                                      {1, 2, 0},
                                      {1, 2, 3},
                                      {2, 3, 4},
                                      {3, 4, 5},
                                      {0, 0, 0},
                                      {6, 0, 0},
                                      {0, 0, 0},
                                      {7, 0, 0},
                                      {7, 8, 0}},
                                     {0, 1, 2, 3, 3, 3, 0, 1, 0, 1, 2});
  EXPECT_TRUE(at::equal(history.items, expected.items)) << history.items;
  EXPECT_TRUE(at::equal(history.length, expected.length));
  EXPECT_TRUE(at::equal(history.place, at::arange(11, at::kLong)));
  const Tensor event = at::tensor({0, 1, 2, 3, 4, -1, 5, -1, 6, 7, -1}, at::kLong);
  EXPECT_TRUE(at::equal(history.event, event));
  // The history before an event is the one at its place.
  const Tensor events = event.masked_select(event.ge(0));
  EXPECT_TRUE(at::equal(data.histories(events).place, history.place.masked_select(event.ge(0))));
  EXPECT_TRUE(at::equal(data.histories(events).items, history.items.index({event.ge(0)})));
}

TEST(Append, DropsTheOldestOfAFullHistoryAndNothingFor0) {
  const auto history = make_history({{0, 0, 0}, {1, 2, 0}, {1, 2, 3}, {1, 2, 3}}, {0, 2, 3, 3});
  const History longer = append(history, at::tensor({5, 6, 7, 0}, at::kLong));
  const auto expected = make_history({{5, 0, 0}, {1, 2, 6}, {2, 3, 7}, {1, 2, 3}}, {1, 3, 3, 3});
  EXPECT_TRUE(at::equal(longer.items, expected.items)) << longer.items;
  EXPECT_TRUE(at::equal(longer.length, expected.length));
}

// A few lines of Python computed the values: four rounds of splitmix64, each of which adds a word.
TEST(Mix, GivesTheSameBitsOnEveryMachine) {
  EXPECT_EQ(mix(0, 0), 0x2130748aaac80268u);
  EXPECT_EQ(mix(1, 2, 3, 4), 0x336c3255cbcc01feu);
  EXPECT_EQ((Step{7, 3}.uniform(0)), 0x1.a2375c2e578d0p-2);
  EXPECT_EQ(mix(1, 2), mix(1, 2, 0, 0));
  EXPECT_NE(mix(1, 2), mix(2, 1));
  EXPECT_NE(mix(0, 0), mix(0, 0, 1));
  EXPECT_EQ(unit(~0ULL), 1 - 0x1.0p-53);
  EXPECT_EQ(unit(0), 0);
}

TEST(Uniform, IsEvenAndDiffersByStepAndStream) {
  double sum = 0, squares = 0;
  std::set<double> seen;
  for (int64_t i = 0; i < 10000; ++i) {
    const double x = Step{i, 3}.uniform(0);
    sum += x;
    squares += x * x;
    seen.insert(x);
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.015);
  EXPECT_NEAR(squares / 10000, 1.0 / 3, 0.015);
  EXPECT_EQ(seen.size(), 10000u);
  EXPECT_NE((Step{7, 3}.uniform(0)), (Step{7, 3}.uniform(1)));
}

}  // namespace
}  // namespace lea::testing
