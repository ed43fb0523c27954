#include "core/api/item_draw.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>

namespace lea {
namespace {

// Items 1..6 occur 8, 0, 1, 4, 2 and 1 times.
TrainingData counted() {
  TrainingData data;
  data.items = 6;
  data.history = 3;
  std::vector<int32_t> items;
  for (const auto& [item, times] : std::map<int32_t, int>{{1, 8}, {3, 1}, {4, 4}, {5, 2}, {6, 1}})
    items.insert(items.end(), times, item);
  data.item = at::tensor(items, at::kInt);
  data.offset = at::tensor(std::vector<int64_t>{0, 16}, at::kLong);
  return data;
}

// How often each item is drawn, of 65,536 draws whose bits are evenly spread.
std::map<int64_t, int> drawn(double power, const std::vector<int64_t>& excluded) {
  const TrainingData data = counted();
  const PopularityDraw draw(data, power);
  std::map<int64_t, int> times;
  for (uint64_t i = 0; i < 65536; ++i) ++times[draw.item((i << 48) + (1 << 20), excluded)];
  return times;
}

void expect_shares(double power, const std::vector<int64_t>& excluded,
                   std::map<int64_t, double> weights) {
  double sum = 0;
  for (const int64_t one : excluded) weights.erase(one);
  for (const auto& [item, weight] : weights) sum += std::pow(weight, power);
  const std::map<int64_t, int> found = drawn(power, excluded);
  ASSERT_EQ(found.size(), weights.size());
  for (const auto& [item, weight] : weights) {
    ASSERT_TRUE(found.contains(item)) << item;
    EXPECT_NEAR(found.at(item), 65536 * std::pow(weight, power) / sum, 1.5)
        << "item " << item << ", power " << power;
  }
}

TEST(PopularityDraw, GivesEachItemItsShare) {
  const std::map<int64_t, double> counts = {{1, 8}, {3, 1}, {4, 4}, {5, 2}, {6, 1}};
  for (const double power : {0.0, 0.5, 0.75, 1.0, 2.0}) {
    expect_shares(power, {}, counts);
    expect_shares(power, {1}, counts);
    expect_shares(power, {2}, counts);
    expect_shares(power, {6}, counts);
    expect_shares(power, {1, 2, 4}, counts);
    expect_shares(power, {3, 4, 5, 6}, counts);
  }
}

TEST(PopularityDraw, GivesNothingWhereNothingIsLeft) {
  const PopularityDraw draw(counted(), 1);
  const std::vector<int64_t> excluded = {1, 3, 4, 5, 6};
  EXPECT_EQ(draw.item(123456789, excluded), 0);
  EXPECT_EQ(draw.item(~uint64_t{0}, excluded), 0);
}

TEST(PopularityDraw, LeavesEveryItemThatOccursAChance) {
  // 8^50 is 2^150 times 1^50, far below a unit.
  const PopularityDraw draw(counted(), 50);
  EXPECT_EQ(draw.item(0, {}), 1);
  EXPECT_EQ(draw.item(~uint64_t{0}, {}), 6);
}

}  // namespace
}  // namespace lea
