// What the bundled augmenters propose on the toy training set.
#include <set>

#include "tests/contract/toy.h"

namespace lea {
namespace {

class AugmenterValues : public ::testing::Test {
 protected:
  Tensor propose(const std::string& id, ParamValues params, const Tensor& candidates) {
    return toy::registry()
        .get("augmenter", id)
        .augmenter(params, context_)
        ->propose(context_.data.histories(at::arange(candidates.size(0))), candidates);
  }

  torch::NoGradGuard no_grad_;
  toy::Context context_;
  // Row r: r + 1, r + 2, r + 3 (after 8 comes 1).
  const Tensor candidates_ =
      (at::arange(toy::kEvents).unsqueeze(1) + at::arange(3)) % toy::kItems + 1;
};

TEST_F(AugmenterValues, Top1TakesTheFirstCandidate) {
  EXPECT_TRUE(toy::near(propose("lea.top1", {}, candidates_),
                        toy::longs({1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3})));
}

TEST_F(AugmenterValues, BestRewardTakesTheGreatestRewardAndOfEqualOnesTheFirst) {
  // Items 1, 2 and 7 occur twice, the others once.
  const std::string popularity = toy::use("lea.popularity", {{"portion", 1.0}});
  EXPECT_TRUE(toy::near(propose("lea.best_reward", {{"of", popularity}}, candidates_),
                        toy::longs({1, 2, 3, 4, 7, 7, 7, 1, 1, 2, 3})));
  EXPECT_TRUE(toy::near(
      propose("lea.best_reward", {{"of", toy::use("lea.predefined")}}, candidates_.narrow(1, 1, 2)),
      toy::longs({2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4})));
}

TEST_F(AugmenterValues, LoggedRepeatsTheLoggedItem) {
  EXPECT_TRUE(toy::near(propose("lea.logged", {}, candidates_),
                        toy::longs({1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 7})));
}

TEST_F(AugmenterValues, OracleTakesTheItemAfterTheLoggedOneInItsSequence) {
  EXPECT_TRUE(toy::near(propose("lea.oracle", {}, candidates_),
                        toy::longs({2, 3, 4, 0, 6, 0, 8, 1, 2, 7, 0})));
}

TEST_F(AugmenterValues, PopularTakesTheMostFrequentCandidate) {
  // Items 1, 2 and 7 occur twice, the others once.
  const Tensor candidates = toy::longs({3, 7, 4, 5, 4, 1, 2, 8, 6}).view({3, 3});
  EXPECT_TRUE(toy::near(propose("lea.popular", {}, candidates), toy::longs({7, 1, 2})));
}

TEST_F(AugmenterValues, PopularAmongAllSkipsTheHistory) {
  const Tensor proposed = propose("lea.popular", {{"among", std::string("all")}}, candidates_);
  const auto at = [&](int64_t row) { return proposed[row].item<int64_t>(); };
  EXPECT_THAT(at(0), ::testing::AnyOf(1, 2, 7)) << "an empty history";
  EXPECT_THAT(at(1), ::testing::AnyOf(2, 7)) << "the history 1";
  EXPECT_EQ(at(3), 7) << "the history 1 2 3";
  EXPECT_EQ(at(9), 2) << "the history 7 8 1";
}

TEST_F(AugmenterValues, PopularDoesNotBreakTiesById) {
  std::set<int64_t> first;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    context_.run_seed = seed;
    first.insert(
        propose("lea.popular", {{"among", std::string("all")}}, candidates_.narrow(0, 0, 1))
            .item<int64_t>());
  }
  EXPECT_EQ(first, (std::set<int64_t>{1, 2, 7}));
}

TEST_F(AugmenterValues, RandomTakesEachCandidateAboutEquallyOften) {
  std::vector<int64_t> count(3);
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    context_.run_seed = seed;
    const Tensor proposed = propose("lea.random", {}, candidates_);
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const Tensor place = candidates_[row].eq(proposed[row]).nonzero();
      ASSERT_EQ(place.numel(), 1) << "row " << row << " proposes no candidate";
      ++count[place.item<int64_t>()];
    }
  }
  for (const int64_t times : count) EXPECT_NEAR(times, 1100, 120);  // 4.4 standard deviations
}

TEST_F(AugmenterValues, RandomFromAllReachesEveryItem) {
  std::set<int64_t> items;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    context_.run_seed = seed;
    const Tensor proposed = propose("lea.random", {{"from", std::string("all")}}, candidates_);
    for (int64_t row = 0; row < toy::kEvents; ++row) items.insert(proposed[row].item<int64_t>());
  }
  EXPECT_EQ(items, (std::set<int64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

}  // namespace
}  // namespace lea
