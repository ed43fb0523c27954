#include "core/base/clock.h"

#include <gtest/gtest.h>

namespace lea {
namespace {

TEST(DurationText, IsShort) {
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(125), "2 min 5 s");
  EXPECT_EQ(duration_text(12000), "3 h 20 min");
}

TEST(DurationText, OfACostHasOneUnitAndThatFromTwiceItsSize) {
  const auto cost = [](double seconds) { return duration_text(seconds, DurationStyle::kCost); };
  EXPECT_EQ(cost(0), "0 s");
  EXPECT_EQ(cost(119.4), "119 s");
  EXPECT_EQ(cost(120), "2 min");
  EXPECT_EQ(cost(7199), "120 min");
  EXPECT_EQ(cost(7200), "2.0 h");
  EXPECT_EQ(cost(3600 * 5.99), "5.9 h") << "committed tables cut the digits and do not round them";
}

TEST(DurationText, OfAnAgeIsRoundedToItsUnit) {
  const auto age = [](double seconds) { return duration_text(seconds, DurationStyle::kAge); };
  EXPECT_EQ(age(-5), "0 min") << "the clock of the machine that made the run may be ahead";
  EXPECT_EQ(age(12.4 * 60), "12 min");
  EXPECT_EQ(age(90 * 60), "2 h");
  EXPECT_EQ(age(47 * 3600), "47 h");
  EXPECT_EQ(age(3 * 24 * 3600), "3 d");
}

TEST(ParseUtc, ReadsWhatUtcNowWrites) {
  const auto now = parse_utc(utc_now());
  ASSERT_TRUE(now.has_value());
  EXPECT_LE(std::abs(std::difftime(std::time(nullptr), *now)), 2.0);
  EXPECT_EQ(parse_utc("2026-01-31T23:59:59Z"), std::time_t{1769903999});
  EXPECT_FALSE(parse_utc("yesterday").has_value());
}

TEST(ParseDuration, ReadsUnits) {
  EXPECT_EQ(parse_duration("90s"), 90.0);
  EXPECT_EQ(parse_duration("170min"), 10200.0);
  EXPECT_EQ(parse_duration("1h30min"), 5400.0);
  EXPECT_EQ(parse_duration("1.5h"), 5400.0);
  EXPECT_EQ(parse_duration("2d"), 172800.0);
  for (const char* text :
       {"", "90", "soon", "h", "-1h", "1h-90min", "0s", "1m", "1 h", "1e400s", "nanh", "infs"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace lea
