#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

using Row = std::map<std::string, double>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Bounds, HoldForEveryRankingAndPolicy) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<RankRecord> records;
    for (uint32_t e = 0; e < 200; ++e) {
      const uint32_t rank = 1 + random() % 30, ties = random() % 4;
      records.push_back({0, e, 1, 1, rank, ties, rank, ties});
    }
    for (const Ties ties : {Ties::kPessimistic, Ties::kExpected, Ties::kOptimistic}) {
      EXPECT_THAT(
          broken_bounds(metrics(records, {.k = {1, 2, 5, 10, 20, 50}, .ties = ties}), 1e-12),
          IsEmpty());
    }
  }
}

TEST(Bounds, AreTight) {
  // All hits enter at rank 6: NDCG@10 rises by the most that HR allows, so that any more breaks the
  // bound.
  const double most = 0.1 / std::log2(7);
  EXPECT_THAT(broken_bounds({{"hr@5", 0}, {"ndcg@5", 0}, {"hr@10", 0.1}, {"ndcg@10", most}}, 1e-12),
              IsEmpty());
  EXPECT_THAT(
      broken_bounds({{"hr@5", 0}, {"ndcg@5", 0}, {"hr@10", 0.1}, {"ndcg@10", most + 1e-6}}, 1e-12),
      ElementsAre(HasSubstr("ndcg@10 - ndcg@5 = 0.035")));
}

TEST(Bounds, FindAPrintedRowThatCannotOccur) {
  // SASRec, Normal, LFM, Table 2 of the paper: the rise of NDCG from 5 to 10 is too large.
  const Row row = {{"hr@5", 0.2}, {"hr@10", 0.232}, {"ndcg@5", 0.15}, {"ndcg@10", 0.1822}};
  EXPECT_THAT(broken_bounds(row, 2e-4),
              ElementsAre("ndcg@10 - ndcg@5 = 0.0322 is outside 0.00925007 to 0.0113986, which "
                          "hr@10 - hr@5 = 0.032 "
                          "allows."));
}

TEST(Bounds, NameWhatFalls) {
  EXPECT_THAT(broken_bounds({{"hr@5", 0.3}, {"hr@10", 0.2}}, 1e-9),
              ElementsAre("hr@10 = 0.2 is below hr@5 = 0.3."));
}

TEST(Bounds, NameWhatIsNoShare) {
  EXPECT_THAT(broken_bounds({{"hr@5", NAN}}, 1e-9), ElementsAre("hr@5 = nan is outside 0 to 1."));
  EXPECT_THAT(broken_bounds({{"mrr@5", 1.5}}, 1e-9), ElementsAre("mrr@5 = 1.5 is outside 0 to 1."));
  EXPECT_THAT(broken_bounds({{"auc", 0.5}}, 1e-9), ElementsAre(HasSubstr("`auc` is not a metric")));
}

TEST(Bounds, KeepNdcgAndMrrBelowHr) {
  EXPECT_THAT(broken_bounds({{"hr@5", 0.1}, {"ndcg@5", 0.2}}, 1e-9),
              ElementsAre(HasSubstr("ndcg@5 = 0.2 is outside")));
  EXPECT_THAT(broken_bounds({{"hr@5", 0.1}, {"mrr@5", 0.01}}, 1e-9),
              ElementsAre(HasSubstr("mrr@5 = 0.01 is outside")));
}

TEST(Bounds, AllowForPrintedDigits) {
  const Row row = {{"hr@5", 0.1}, {"ndcg@5", 0.1001}};
  EXPECT_THAT(broken_bounds(row, 2e-4), IsEmpty());
  EXPECT_THAT(broken_bounds(row, 5e-5), ElementsAre(HasSubstr("ndcg@5 = 0.1001 is outside")));
}

}  // namespace
}  // namespace lea::eval
