#include "core/train/early_stop.h"

#include <gtest/gtest.h>

namespace lea::train {
namespace {

spec::TrainSection patience_of(int64_t patience, int64_t min_steps = 0) {
  spec::TrainSection train;
  train.patience = patience;
  train.min_steps = min_steps;
  return train;
}

TEST(EarlyStop, StopsAfterPatienceValidationsWithoutANewBest) {
  EarlyStop stop(patience_of(2));
  EXPECT_TRUE(stop.observe(100, 0.1));
  EXPECT_TRUE(stop.observe(200, 0.2));
  EXPECT_FALSE(stop.observe(300, 0.2));  // an equal value is no new best
  EXPECT_FALSE(stop.should_stop());
  EXPECT_FALSE(stop.observe(400, 0.15));
  EXPECT_TRUE(stop.should_stop());
  EXPECT_EQ(stop.best_step(), 200);
}

TEST(EarlyStop, DoesNotCountBeforeMinSteps) {
  EarlyStop stop(patience_of(1, 300));
  stop.observe(100, 0.5);
  stop.observe(200, 0.1);
  EXPECT_FALSE(stop.should_stop());
  stop.observe(300, 0.1);
  EXPECT_TRUE(stop.should_stop());
}

TEST(EarlyStop, RemembersItselfAcrossAResume) {
  EarlyStop stop(patience_of(2)), resumed(patience_of(2));
  stop.observe(1, 0.3);
  stop.observe(2, 0.1);
  resumed.load(stop.save());
  EXPECT_FALSE(resumed.should_stop());
  resumed.observe(3, 0.2);
  EXPECT_TRUE(resumed.should_stop());
  EXPECT_EQ(resumed.best_step(), 1);
}

TEST(EarlyStop, AcceptsAMetricOfZeroAsTheFirstBest) {
  EarlyStop stop(patience_of(1));
  EXPECT_TRUE(stop.observe(1, 0.0));
}

}  // namespace
}  // namespace lea::train
