#include "core/run/progress.h"

#include <gtest/gtest.h>

#include <limits>

namespace lea::run {
namespace {

TEST(Progress, ComesBackFromItsLine) {
  const Progress sent{"valid", 40, 100, 2.5, 20, {{"ndcg@20", 0.25}, {"hr@5", 0.5}}};
  const auto read = progress_from_line(progress_line(sent));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), to_json(sent));
  EXPECT_EQ(read->valid.at("hr@5"), 0.5);
}

TEST(Progress, LeavesOutAMetricThatIsNotFinite) {
  Progress sent;
  sent.valid = {{"loss", std::numeric_limits<double>::quiet_NaN()}, {"hr@5", 0.5}};
  const auto read = progress_from_line(progress_line(sent));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->valid, (std::map<std::string, double>{{"hr@5", 0.5}}));
}

TEST(Progress, IgnoresWhatAPluginPrints) {
  for (const char* line :
       {"", "a plugin prints", "[1]", "{", R"({"type": 3})", R"({"type": "done"})",
        R"({"type": "progress", "step": "x"})", R"({"type": "progress", "valid": 7})"}) {
    EXPECT_FALSE(progress_from_line(line).has_value()) << line;
  }
}

TEST(SecondsLeft, AreThoseOfTheStepsAndOfThePartAtTheirPace) {
  Progress progress;
  progress.max_steps = 100;
  EXPECT_EQ(seconds_left(progress, 10, 60, false), 50) << "no pace is known yet";
  progress.step = 40;
  progress.steps_per_second = 2;
  EXPECT_EQ(seconds_left(progress, 10, 60, false), 30);
  progress.part_total = 500;
  progress.part_done = 100;
  progress.part_per_second = 10;
  EXPECT_EQ(seconds_left(progress, 10, 60, false), 30 + 40);
}

TEST(SecondsLeft, AreNoMoreThanWhatEarlierRunsTookWhileThatIsPossible) {
  Progress progress;
  progress.max_steps = 1000;
  progress.steps_per_second = 2;
  EXPECT_EQ(seconds_left(progress, 10, 60, true), 50) << "earlier runs ended before max_steps";
  EXPECT_EQ(seconds_left(progress, 70, 60, true), 500) << "it takes longer than they did";
  progress.part_total = 700;
  progress.part_per_second = 10;
  EXPECT_EQ(seconds_left(progress, 10, 60, true), 70) << "the part alone takes so long";
}

}  // namespace
}  // namespace lea::run
