#include "core/run/counting.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lea::run {
namespace {

const std::string kOld = "2026-01-01T00:00:00Z", kNew = "2026-01-02T00:00:00Z";

TEST(Counting, FollowsTheOrderOfStatesBeforeTheDate) {
  // Each counts before all that follow, although each is newer than the one before it.
  std::vector<Candidate> order = {
      {"a", "1", State::kFinished, false}, {"b", "2", State::kRunning},
      {"c", "3", State::kInterrupted},     {"d", "4", State::kQueued},
      {"e", "5", State::kFinished, true},  {"f", "6", State::kFailed},
  };
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t j = 0; j < order.size(); ++j) {
      EXPECT_EQ(counts_before(order[i], order[j]), i < j) << order[i].uuid << order[j].uuid;
    }
  }
  do {
    const size_t at = counting(order);
    EXPECT_EQ(order[at].uuid, "a");
  } while (std::next_permutation(order.begin(), order.end(),
                                 [](const auto& x, const auto& y) { return x.uuid < y.uuid; }));
}

TEST(Counting, TakesTheNewerOfTwoAndTheSmallerUuidOfOneSecond) {
  const Candidate old{"a", kOld, State::kFinished}, fresh{"c", kNew, State::kFinished},
      twin{"b", kNew, State::kFinished};
  EXPECT_EQ(counting({old, fresh}), 1u);
  EXPECT_EQ(counting({fresh, old}), 0u);
  EXPECT_EQ(counting({fresh, twin}), 1u);
  EXPECT_EQ(counting({twin, fresh}), 0u);
  EXPECT_FALSE(counts_before(fresh, fresh));
}

TEST(Counting, TakesAnOpenTestPartBeforeANewerClosedOne) {
  const Candidate open{"a", kOld, State::kFinished},
      closed{"b", kNew, State::kFinished, false, true},
      outdated{"c", kNew, State::kFinished, /*outdated=*/true};
  EXPECT_EQ(counting({open, closed}), 0u);
  EXPECT_EQ(counting({closed, open}), 1u);
  EXPECT_EQ(counting({outdated, closed}), 1u);
}

TEST(Counting, TakesTheNewerOfTwoThatFailedOrWereCancelled) {
  EXPECT_EQ(counting({{"a", kOld, State::kFailed}, {"b", kNew, State::kCancelled}}), 1u);
}

}  // namespace
}  // namespace lea::run
