// The interval that resamples sequences over all splits and seeds.
#include "core/report/cluster_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "core/report/statistics.h"

namespace lea::report {
namespace {

// A made-up comparison of two cells that are equal in truth, unless `shift` says otherwise. Each
// sequence prefers one of the cells on every split.
struct Study {
  int sequences = 200, splits = 3;
  double share = 0.3;         // of the sequences, in the test part of each split
  double shift = 0;           // the true difference per event
  double shift_of_split = 0;  // standard deviation of what the training on a split changes
};

std::vector<SplitPart> simulate(const Study& study, std::mt19937_64* random) {
  std::normal_distribution<double> normal;
  std::geometric_distribution<int> more_events(0.25);
  std::vector<int> events;
  std::vector<double> preference;
  for (int s = 0; s < study.sequences; ++s) {
    events.push_back(1 + more_events(*random));
    preference.push_back(0.5 * normal(*random));
  }
  std::vector<SplitPart> parts;
  for (int split = 0; split < study.splits; ++split) {
    const double shift = study.shift + study.shift_of_split * normal(*random);
    for (int s = 0; s < study.sequences; ++s) {
      if (std::uniform_real_distribution<double>()(*random) > study.share) continue;
      const double n = events[s];
      parts.push_back({static_cast<uint32_t>(s), split, events[s],
                       n * (preference[s] + shift) + 0.7 * std::sqrt(n) * normal(*random)});
    }
  }
  return parts;
}

// By split.
std::map<Repetition, double> means(const std::vector<SplitPart>& parts) {
  std::map<Repetition, double> sums, events;
  for (const SplitPart& part : parts) {
    sums[{part.split, 1}] += part.difference;
    events[{part.split, 1}] += static_cast<double>(part.events);
  }
  for (auto& [repetition, sum] : sums) sum /= events[repetition];
  return sums;
}

// The share of made-up studies in which a test finds a difference.
double rejections(const Study& study,
                  const std::function<bool(const std::vector<SplitPart>&)>& test,
                  int studies = 400) {
  std::mt19937_64 random(3);
  int rejected = 0;
  for (int i = 0; i < studies; ++i) rejected += test(simulate(study, &random));
  return rejected / static_cast<double>(studies);
}

bool finds(const std::vector<SplitPart>& parts) { return cluster_interval(parts)->p <= 0.05; }

// Takes the parts of one sequence on several splits for those of several sequences.
bool finds_with_splits_apart(std::vector<SplitPart> parts) {
  for (size_t i = 0; i < parts.size(); ++i) parts[i].sequence = static_cast<uint32_t>(i);
  return finds(parts);
}

bool finds_over_splits(const std::vector<SplitPart>& parts) {
  const Summary summary = summarize(means(parts));
  return std::abs(summary.mean) > *summary.half_width;
}

TEST(ClusterInterval, RejectsATrueNullHypothesisNearItsLevel) {
  const double found = rejections({}, finds);
  EXPECT_GT(found, 0.02);
  EXPECT_LT(found, 0.09);
  const double on_one_split = rejections({.sequences = 300, .splits = 1}, finds);
  EXPECT_GT(on_one_split, 0.02);
  EXPECT_LT(on_one_split, 0.09);
}

TEST(ClusterInterval, WouldRejectTooOftenIfTheSplitsOfASequenceWereTakenForIndependent) {
  EXPECT_GT(rejections({.splits = 5, .share = 0.5}, finds_with_splits_apart), 0.15);
  EXPECT_LT(rejections({.splits = 5, .share = 0.5}, finds), 0.09);
}

TEST(ClusterInterval, FindsATrueDifference) {
  EXPECT_GT(rejections({.shift = 0.25}, finds, 50), 0.9);
}

// The limit that the header states: the networks are held fixed.
TEST(ClusterInterval, LeavesWhatTrainingChangesToTheIntervalOverSplits) {
  const Study study{.splits = 5, .share = 0.1, .shift_of_split = 0.2};
  EXPECT_GT(rejections(study, finds, 200), 0.15);
  EXPECT_LT(rejections(study, finds_over_splits), 0.09);
}

TEST(ClusterInterval, ExcludesZeroExactlyWhenPIsAtMostFivePercent) {
  int excluded = 0;
  for (double shift = 0; shift < 0.3; shift += 0.01) {
    std::mt19937_64 random(8);
    const auto interval = *cluster_interval(simulate({.shift = shift}, &random));
    const bool excludes = interval.low > 0 || interval.high < 0;
    EXPECT_EQ(excludes, interval.p <= 0.05) << shift << " p " << interval.p;
    EXPECT_GE(interval.p, 0.001);
    EXPECT_LE(interval.p, 1);
    excluded += excludes;
  }
  EXPECT_GT(excluded, 3);
  EXPECT_LT(excluded, 27);
}

TEST(ClusterInterval, IsMirroredWhenTheCellsAreExchanged) {
  std::mt19937_64 random(9);
  std::vector<SplitPart> parts = simulate({}, &random);
  const auto interval = *cluster_interval(parts);
  for (SplitPart& part : parts) part.difference = -part.difference;
  const auto mirrored = *cluster_interval(parts);
  EXPECT_EQ(mirrored.low, -interval.high);
  EXPECT_EQ(mirrored.high, -interval.low);
  EXPECT_EQ(mirrored.p, interval.p);
}

TEST(ClusterInterval, OfCellsThatNeverDifferIsZero) {
  std::mt19937_64 random(9);
  std::vector<SplitPart> parts = simulate({}, &random);
  for (SplitPart& part : parts) part.difference = 0;
  const auto interval = *cluster_interval(parts);
  EXPECT_EQ(interval.low, 0);
  EXPECT_EQ(interval.high, 0);
  EXPECT_EQ(interval.p, 1);
}

TEST(ClusterInterval, DealsManySequencesIntoAsWideAnInterval) {
  // One split, one event each: the standard error of the mean is known.
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  std::vector<SplitPart> parts;
  for (uint32_t s = 0; s < 25000; ++s) parts.push_back({s, 2, 1, 1 + normal(random)});
  const auto interval = *cluster_interval(parts);
  EXPECT_EQ(interval.sequences, 25000);
  EXPECT_EQ(interval.shared, 0);
  EXPECT_NEAR((interval.high - interval.low) / 2, 1.96 / std::sqrt(25000.0),
              0.1 * 1.96 / std::sqrt(25000.0));
  EXPECT_NEAR((interval.high + interval.low) / 2, means(parts).begin()->second, 0.001);
}

TEST(ClusterInterval, NeedsTwoSequences) {
  EXPECT_FALSE(cluster_interval({}));
  EXPECT_FALSE(cluster_interval({{7, 2, 3, 0.5}, {7, 3, 3, 0.25}}));
  EXPECT_TRUE(cluster_interval({{7, 2, 3, 0.5}, {8, 2, 3, 0.25}}));
}

TEST(ClusterInterval, IsFiniteWhenAResampleHasNoEventOfASplit) {
  const auto interval = *cluster_interval({{1, 2, 1, 0.25}, {2, 3, 1, 0.75}});
  EXPECT_EQ(interval.low, 0.25);
  EXPECT_EQ(interval.high, 0.75);
}

}  // namespace
}  // namespace lea::report
