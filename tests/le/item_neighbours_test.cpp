// Whether items whose tokens are alike have texts that are alike.
#include "plugins/le/item_neighbours.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lea::le {
namespace {

constexpr int64_t kItems = 400, kGroups = 20;

// Each item's text is the word of its group.
SparseRows rows_of(int64_t items, int64_t without_text = 0) {
  std::vector<std::string> texts;
  for (int64_t item = 0; item < items; ++item)
    texts.push_back("word" + std::to_string(item % kGroups));
  texts.resize(static_cast<size_t>(items + without_text));
  return tfidf(texts);
}

at::Tensor tokens_of_groups(int64_t items) {
  return at::eye(kGroups).index_select(0, at::arange(items, at::kLong).remainder(kGroups));
}

TEST(NeighboursShare, IsOneWhereTokensFollowTheTexts) {
  EXPECT_EQ(neighbours_share(tokens_of_groups(kItems), rows_of(kItems)), 1.0);
}

TEST(NeighboursShare, DoesNotSeeWhatAllTokensHaveInCommon) {
  const at::Tensor shifted = tokens_of_groups(kItems) + 100;
  EXPECT_EQ(neighbours_share(shifted, rows_of(kItems)), 1.0);
}

TEST(NeighboursShare, IsAHundredOfTheOthersByChance) {
  at::manual_seed(1);
  const auto share = neighbours_share(at::randn({kItems, 16}), rows_of(kItems));
  EXPECT_NEAR(share.value(), 100.0 / (kItems - 1), 0.05);
}

TEST(NeighboursShare, LeavesOutItemsWithoutAWord) {
  // These are nearer to each item of the first group than any other item of it.
  const at::Tensor first = 1.5 * at::eye(kGroups).narrow(0, 0, 1).expand({30, kGroups});
  EXPECT_EQ(neighbours_share(at::cat({tokens_of_groups(kItems), first}), rows_of(kItems, 30)), 1.0);
}

TEST(NeighboursShare, IsUnknownWhereAllItemsAreNear) {
  EXPECT_EQ(neighbours_share(tokens_of_groups(101), rows_of(101)), std::nullopt);
  EXPECT_TRUE(neighbours_share(tokens_of_groups(102), rows_of(102)).has_value());
  EXPECT_EQ(neighbours_share(at::zeros({3, 4}), tfidf({"", "", ""})), std::nullopt);
}

}  // namespace
}  // namespace lea::le
