#include "core/spec/wide_state.h"

#include <gtest/gtest.h>

namespace lea::spec {
namespace {

TEST(WideState, IsMoreThanFourTimesAsWideAsTheHiddenState) {
  EXPECT_FALSE(is_wide_state(0, 64)) << "there is no state";
  EXPECT_FALSE(is_wide_state(64, 64));
  EXPECT_FALSE(is_wide_state(256, 64));
  EXPECT_TRUE(is_wide_state(257, 64));
  EXPECT_TRUE(is_wide_state(576, 64)) << "SmolLM2's, which did harm in a study";
  EXPECT_FALSE(is_wide_state(576, 256));
}

TEST(WideState, IsJoinedAsItIsWithoutAProjectionAndWhereItReplacesNothing) {
  StateSection use;
  EXPECT_TRUE(is_joined_raw(use)) << "the default";
  use.project = 64;
  EXPECT_FALSE(is_joined_raw(use));
  use.project = 0;
  use.combine = "replace";
  EXPECT_FALSE(is_joined_raw(use));
}

TEST(WideState, IsComparedWithTheParameterWidthOfTheBackbone) {
  EXPECT_EQ(hidden_width({"lea.gru4rec", {{"width", 32}, {"dropout", 0.1}}}), 32);
  EXPECT_EQ(hidden_width({"my.model", {{"size", 32}}}), std::nullopt);
  EXPECT_EQ(hidden_width({"my.model", {{"width", "narrow"}}}), std::nullopt);
  EXPECT_EQ(hidden_width({}), std::nullopt);
}

TEST(WideState, IsExplainedWithWhatToDo) {
  EXPECT_EQ(wide_state_text(4096, 64),
            "the environment's state of width 4,096 is joined as it is to a hidden state of width "
            "64, so most of what the Q-head reads, and its scale, are the environment's. `state: "
            "{of: NAME, project: 64}` projects it first.");
}

}  // namespace
}  // namespace lea::spec
