#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

using nlohmann::json;

RankRecord event(uint32_t rank, uint32_t ties = 0, uint32_t position = 1) {
  return {.sequence = 0,
          .position = position,
          .target = 1,
          .popularity = 1,
          .rank = rank,
          .ties = ties,
          .rank_unseen = rank,
          .ties_unseen = ties};
}

Protocol at(std::vector<int64_t> k, Ties ties = Ties::kPessimistic) {
  return {.k = std::move(k), .ties = ties};
}

TEST(Metrics, FollowTheirFormulas) {
  const auto found = metrics({event(1), event(3), event(6), event(2)}, at({1, 5}));
  EXPECT_DOUBLE_EQ(found.at("hr@1"), 0.25);
  EXPECT_DOUBLE_EQ(found.at("hr@5"), 0.75);
  EXPECT_DOUBLE_EQ(found.at("ndcg@5"), (1 + 1 / std::log2(4) + 1 / std::log2(3)) / 4);
  EXPECT_DOUBLE_EQ(found.at("mrr@5"), (1 + 1 / 3.0 + 1 / 2.0) / 4);
  EXPECT_EQ(found.size(), 6U);
}

TEST(Metrics, CountTiesAsAsked) {
  const std::vector<RankRecord> one = {event(2, 3)};  // somewhere on 2 .. 5
  EXPECT_DOUBLE_EQ(metrics(one, at({3}, Ties::kOptimistic)).at("mrr@3"), 1 / 2.0);
  EXPECT_DOUBLE_EQ(metrics(one, at({3}, Ties::kPessimistic)).at("mrr@3"), 0);
  EXPECT_DOUBLE_EQ(metrics(one, at({3}, Ties::kExpected)).at("mrr@3"), (1 / 2.0 + 1 / 3.0) / 4);
  EXPECT_DOUBLE_EQ(metrics(one, at({3}, Ties::kExpected)).at("hr@3"), 0.5);
}

TEST(Metrics, RankAmongUnseenItemsWhenSeenOnesAreRemoved) {
  RankRecord record = event(6, 2);
  record.rank_unseen = 1;
  record.ties_unseen = 0;
  Protocol protocol = at({1});
  EXPECT_DOUBLE_EQ(metrics({record}, protocol).at("hr@1"), 0);
  protocol.remove_seen = true;
  EXPECT_DOUBLE_EQ(metrics({record}, protocol).at("hr@1"), 1);
}

TEST(Metrics, LeaveOutFirstEventsWhenAsked) {
  Protocol protocol = at({1});
  protocol.first_event = false;
  EXPECT_DOUBLE_EQ(metrics({event(9, 0, 0), event(1)}, protocol).at("hr@1"), 1);
}

TEST(Metrics, AreTheSumsOfTheSequencesDividedByTheEvents) {
  std::vector<RankRecord> records;
  for (uint32_t i = 0; i < 40; ++i) {
    RankRecord record = event(1 + i % 7, i % 3, i % 4);
    record.sequence = 9 - i / 4;  // the order of the records does not matter
    record.rank_unseen = 1 + i % 5;
    records.push_back(record);
  }
  Protocol protocol = at({3, 5});
  for (const Ties ties : {Ties::kPessimistic, Ties::kExpected, Ties::kOptimistic}) {
    for (const bool removed : {false, true}) {
      for (const bool first : {false, true}) {
        protocol = {{3, 5}, ties, removed, first};
        for (const auto& [name, value] : metrics(records, protocol)) {
          double sum = 0, events = 0;
          const auto gains = sequence_gains(records, protocol, name);
          ASSERT_EQ(gains.size(), 10U);
          for (uint32_t s = 0; s < 10; ++s) {
            EXPECT_EQ(gains[s].sequence, s);
            sum += gains[s].sum;
            events += static_cast<double>(gains[s].events);
          }
          EXPECT_EQ(events, first ? 40 : 30);
          EXPECT_NEAR(sum / events, value, 1e-15) << name;
        }
      }
    }
  }
  EXPECT_THROW(sequence_gains(records, protocol, "auc@5"), ConfigError);
}

TEST(Metrics, RefuseAnEmptySelection) {
  Protocol protocol = at({1});
  EXPECT_THROW(metrics({}, protocol), DataError);
  protocol.first_event = false;
  EXPECT_THROW(metrics({event(1, 0, 0)}, protocol), DataError);
}

TEST(Metrics, RefuseCutsBelowOne) { EXPECT_THROW(metrics({event(1)}, at({0})), ConfigError); }

TEST(Metrics, KnowTheirNames) {
  EXPECT_EQ(parse_metric("ndcg@20"), (std::pair<std::string, int64_t>("ndcg", 20)));
  for (const char* name : {"", "ndcg", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@05", "ndcg@2x", "NDCG@5",
                           "auc@5", "hr@5@6", "hr@99999999999999999999"}) {
    EXPECT_THROW(parse_metric(name), ConfigError) << name;
  }
}

TEST(Metrics, KnowTiePolicies) {
  EXPECT_EQ(ties_from("expected"), Ties::kExpected);
  try {
    ties_from("pesimistic");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "evaluate.ties must be pessimistic, expected or optimistic, but is `pesimistic`, "
                 "did you mean "
                 "`pessimistic`?");
  }
}

RankRecord target(uint32_t item, uint32_t popularity, uint32_t rank, uint32_t position) {
  RankRecord record = event(rank, 0, position);
  record.target = item;
  record.popularity = popularity;
  return record;
}

std::map<std::string, std::map<std::string, double>> by_name(const Slices& slices) {
  return {slices.begin(), slices.end()};
}

TEST(Slices, GroupByPopularityOfTheTarget) {
  // Of 100 training events item 1 has 30, where the first 20 fall, 2 and 3 have the next 50, and 4
  // has the last 20. Item 5 has none.
  const std::vector<RankRecord> records = {target(1, 30, 1, 1), target(1, 30, 9, 1),
                                           target(2, 25, 1, 1), target(3, 25, 1, 1),
                                           target(4, 20, 9, 1), target(5, 0, 1, 1)};
  const auto found = by_name(slices(records, at({1})));
  EXPECT_DOUBLE_EQ(found.at("popularity:head").at("hr@1"), 0.5);
  EXPECT_DOUBLE_EQ(found.at("popularity:middle").at("hr@1"), 1);
  EXPECT_DOUBLE_EQ(found.at("popularity:tail").at("hr@1"), 0.5);
}

TEST(Slices, GroupByLengthOfHistoryAndLeaveOutEmptyOnes) {
  const auto found =
      by_name(slices({target(1, 1, 1, 0), target(1, 1, 9, 2), target(1, 1, 1, 11)}, at({1})));
  EXPECT_DOUBLE_EQ(found.at("history:0").at("hr@1"), 1);
  EXPECT_DOUBLE_EQ(found.at("history:1-2").at("hr@1"), 0);
  EXPECT_DOUBLE_EQ(found.at("history:11+").at("hr@1"), 1);
  EXPECT_FALSE(found.contains("history:3-5"));
}

TEST(Slices, ComeInTheOrderOfTheirMeaning) {
  std::vector<std::string> names;
  const std::vector<RankRecord> records = {target(1, 9, 1, 11), target(1, 9, 1, 4),
                                           target(2, 0, 1, 7), target(1, 9, 1, 0)};
  for (const auto& [name, metrics] : slices(records, at({1}))) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"history:0", "history:3-5", "history:6-10",
                                             "history:11+", "popularity:head", "popularity:tail"}));
}

TEST(Slices, NeverLetAnItemNumberDecide) {
  // Three equally popular targets share a slice, whatever their numbers are.
  const auto found =
      by_name(slices({target(9, 5, 1, 1), target(1, 5, 1, 1), target(4, 5, 1, 1)}, at({1})));
  EXPECT_TRUE(found.contains("popularity:head"));
  EXPECT_FALSE(found.contains("popularity:middle"));
  EXPECT_FALSE(found.contains("popularity:tail"));
}

// Against ranx: tests/golden/metrics/make.py.
class Golden : public testing::Test {
 protected:
  Golden() {
    document_ = json::parse(std::ifstream(LEA_SOURCE_DIR "/tests/golden/metrics/expected.json"));
  }

  std::vector<RankRecord> ranks(const json& matrix) const {
    std::vector<RankRecord> records;
    for (size_t e = 0; e < matrix.size(); ++e) {
      const auto scores = matrix[e].get<std::vector<float>>();
      Count count{};
      EXPECT_TRUE(count_row(scores.data(), static_cast<int64_t>(scores.size()),
                            document_["target"][e].get<int64_t>(), &count));
      records.push_back(event(count.above + 1, count.equal));
    }
    return records;
  }

  static void expect_same(const json& want, const std::map<std::string, double>& have) {
    ASSERT_EQ(want.size(), have.size());
    for (const auto& [name, value] : want.items())
      EXPECT_NEAR(have.at(name), value.get<double>(), 1e-12) << name;
  }

  json document_;
};

TEST_F(Golden, DistinctScoresGiveRanxsMetricsUnderEveryPolicy) {
  const auto records = ranks(document_["distinct"]["scores"]);
  for (const Ties ties : {Ties::kPessimistic, Ties::kExpected, Ties::kOptimistic}) {
    expect_same(document_["distinct"]["any"], metrics(records, at({1, 3, 5, 10}, ties)));
  }
}

TEST_F(Golden, TiedScoresGiveRanxsMetricsOfTheRankingsThatThePolicyMeans) {
  const auto records = ranks(document_["tied"]["scores"]);
  for (const char* ties : {"pessimistic", "expected", "optimistic"}) {
    SCOPED_TRACE(ties);
    expect_same(document_["tied"][ties], metrics(records, at({1, 3, 5, 10}, ties_from(ties))));
  }
}

}  // namespace
}  // namespace lea::eval
