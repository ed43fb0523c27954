// Baselines without gradient steps, on data small enough to count by hand.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/api/framework.h"
#include "core/base/error.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

// Training counts of items 1..5: 2, 3, 3, 1, 1; 10 events.
const std::vector<std::vector<int32_t>> kSequences = {{1, 2, 3}, {2, 3, 4}, {1, 2, 3, 5}};

std::vector<double> scores(const std::string& file, const std::vector<int64_t>& items,
                           const ParamValues& values = {},
                           const std::vector<std::vector<int32_t>>& sequences = kSequences) {
  TestContext context;
  context.item_count = 5;
  context.data = training_data(5, 4, sequences);
  const auto framework = load_plugin(file).framework(values, context);
  EXPECT_TRUE(framework->groups().empty());
  framework->fit(context.data);
  std::vector<int64_t> row = items;
  row.resize(4, 0);
  const auto history = make_history({row, {0, 0, 0, 0}}, {std::ssize(items), 0});
  const Tensor score = framework->score(history);
  EXPECT_EQ(score.sizes(), (std::vector<int64_t>{2, 5}));
  const Tensor first = score[0].to(at::kDouble);
  return {first.const_data_ptr<double>(), first.const_data_ptr<double>() + 5};
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 1e-6) << "item " << i + 1;
}

constexpr double kShare =
    1.0 / 11;  // popularity's part of a Markov or co-occurrence score, by count

TEST(Popularity, CountsTrainingEvents) { expect_near(scores("popularity", {4}), {2, 3, 3, 1, 1}); }

TEST(Markov, CountsWhatFollowedTheLastItem) {
  expect_near(scores("markov", {5, 3}),
              {2 * kShare, 3 * kShare, 3 * kShare, 1 + kShare, 1 + kShare});
}

TEST(Markov, FallsBackToPopularity) {
  expect_near(scores("markov", {}), {2 * kShare, 3 * kShare, 3 * kShare, kShare, kShare});
}

TEST(ItemKnn, CountsSequencesSharedWithTheLastItem) {
  expect_near(scores("item_knn", {4, 1}),
              {2 * kShare, 2 + 3 * kShare, 2 + 3 * kShare, kShare, 1 + kShare});
}

TEST(ItemKnn, CountsNeighboursOnlyWithinAWindowOfOne) {
  expect_near(scores("item_knn", {1}, {{"window", int64_t{1}}}),
              {2 * kShare, 2 + 3 * kShare, 3 * kShare, kShare, kShare});
}

constexpr double kPopularity = 1e-4;  // V-SkNN's fallback and tie-break
const ParamValues kDot = {{"similarity", std::string("dot")}, {"decay", 0.1}};

TEST(VsKnn, AddsTheCosineOfEachNeighbourToItsItems) {
  // History 4, 1 is the vector (1, 2) / 2. Sequences 1 and 3, of three and four items, share 1;
  // sequence 2, of three, shares 4.
  const double p = kPopularity, first = 2 / std::sqrt(5 * 3), second = 1 / std::sqrt(5 * 3),
               third = 2 / std::sqrt(5 * 4);
  expect_near(scores("vsknn", {4, 1}), {first + third + 2 * p, first + second + third + 3 * p,
                                        first + second + third + 3 * p, second + p, third + p});
}

TEST(VsKnn, AddsDotProductsWeightedByTheLatestSharedItem) {
  // History 4, 1: positions weigh 1/2 and 1. Sequence 2 shares 4 (similarity .5, two steps back,
  // .8); sequences 1 and 3 share 1 (similarity 1, one step back, .9).
  const double p = kPopularity;
  expect_near(scores("vsknn", {4, 1}, kDot),
              {1.8 + 2 * p, 2.2 + 3 * p, 2.2 + 3 * p, .4 + p, .9 + p});
}

TEST(VsKnn, KeepsTheNearestByCosine) {
  // The short sequence 1 is nearer than 3, which shares the same item.
  const double p = kPopularity, first = 2 / std::sqrt(5 * 3);
  expect_near(scores("vsknn", {4, 1}, {{"k", int64_t{1}}}),
              {first + 2 * p, first + 3 * p, first + 3 * p, p, p});
}

TEST(VsKnn, KeepsEveryNeighbourThatTiesWithTheLast) {
  const double p = kPopularity;
  ParamValues one = kDot;
  one["k"] = int64_t{1};
  expect_near(scores("vsknn", {4, 1}, one), {1.8 + 2 * p, 1.8 + 3 * p, 1.8 + 3 * p, p, .9 + p});
}

TEST(VsKnn, SamplesCandidatesOfTheLatestItemsFirst) {
  const double p = kPopularity;
  ParamValues one = kDot;
  one["sample"] = int64_t{1};
  expect_near(scores("vsknn", {4, 1}, one), {1.8 + 2 * p, 1.8 + 3 * p, 1.8 + 3 * p, p, .9 + p});
}

TEST(VsKnn, CountsARepeatedItemOfTheHistoryOnce) {
  // 1 at positions 1 and 3 weighs 1; 4 at position 2 weighs 2/3, two steps back.
  const double p = kPopularity, fourth = .8 * 2 / 3;
  expect_near(scores("vsknn", {1, 4, 1}, kDot),
              {1.8 + 2 * p, 1.8 + fourth + 3 * p, 1.8 + fourth + 3 * p, fourth + p, .9 + p});
  // The vector is (2, 3) / 3 for it, too.
  const double second = 2 / std::sqrt(13 * 3), first = 3 / std::sqrt(13 * 3),
               third = 3 / std::sqrt(13 * 4);
  expect_near(scores("vsknn", {1, 4, 1}), {first + third + 2 * p, first + second + third + 3 * p,
                                           first + second + third + 3 * p, second + p, third + p});
}

TEST(VsKnn, CountsARepeatedItemOfANeighbourOnce) {
  // Both neighbours hold two items, however often; only popularity counts events.
  const double p = kPopularity, each = 1 / std::sqrt(2);
  expect_near(scores("vsknn", {1}, {}, {{1, 2, 2}, {3, 1}}),
              {2 * each + 2 * p, each + 2 * p, each + p, 0, 0});
}

TEST(Baselines, RefuseGradientSteps) {
  TestContext context;
  const auto framework = load_plugin("popularity").framework({}, context);
  EXPECT_THROW(framework->loss({}, {}), PluginError);
}

}  // namespace
}  // namespace lea::testing
