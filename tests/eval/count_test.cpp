#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(CountRow, AgreesWithSortingForEveryLength) {
  std::mt19937 random(1);
  for (int64_t items = 1; items < 200; ++items) {
    std::vector<float> scores(static_cast<size_t>(items));
    for (float& score : scores) score = static_cast<float>(random() % 9);
    for (int64_t target = 0; target < items; ++target) {
      uint32_t above = 0, equal = 0;
      for (const float score : scores) {
        above += score > scores[target];
        equal += score == scores[target];
      }
      Count count{};
      ASSERT_TRUE(count_row(scores.data(), items, target, &count));
      ASSERT_EQ(count.above, above) << items << " items, target " << target;
      ASSERT_EQ(count.equal, equal - 1) << items << " items, target " << target;
    }
  }
}

TEST(CountRow, FindsANanAnywhere) {
  for (size_t at = 0; at < 100; ++at) {
    std::vector<float> scores(100, 1.0F);
    scores[at] = kNan;
    Count count{};
    EXPECT_FALSE(count_row(scores.data(), 100, 7, &count)) << at;
  }
}

TEST(CountRow, RanksInfinitiesLikeNumbers) {
  const std::vector<float> scores = {-kInfinity, 0, kInfinity, kInfinity, -0.0F};
  Count count{};
  ASSERT_TRUE(count_row(scores.data(), 5, 2, &count));
  EXPECT_EQ(count.above, 0U);
  EXPECT_EQ(count.equal, 1U);
  ASSERT_TRUE(count_row(scores.data(), 5, 1, &count));
  EXPECT_EQ(count.above, 2U);
  EXPECT_EQ(count.equal, 1U);  // -0 equals 0
}

TEST(RowsAtATime, TakeBoundedMemoryWhateverTheNumberOfItems) {
  for (const int64_t items : {int64_t{1}, int64_t{4344}, int64_t{100000}, int64_t{3000000}}) {
    EXPECT_GE(rows_at_a_time(items), 1);
    EXPECT_LE(rows_at_a_time(items) * items * 4, 256 << 20);
  }
  EXPECT_EQ(rows_at_a_time(4344), 256);
  EXPECT_EQ(rows_at_a_time(100000), 512);
  EXPECT_EQ(rows_at_a_time(1000000000), 1) << "a row alone is more than that";
}

}  // namespace
}  // namespace lea::eval
