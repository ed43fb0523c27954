// Tables of experiments that pair the seeds of runs with seeds of plugins, by a zip with `seed`.
#include <gmock/gmock.h>

#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class OwnSeeds : public ReportTest {
 protected:
  // A run whose reward is that of an environment with a seed, behind `shuffled` with a seed of its own.
  db::RunRow row(const std::string& variant, int64_t seed, int64_t inner, int64_t shuffle = 1) {
    db::RunRow row = run("sasrec", "snqn", seed);
    row.axes = {"variant", "seed", "environments.le.seed"};
    row.labels = {{"variant", variant},
                  {"seed", std::to_string(seed)},
                  {"environments.le.seed", std::to_string(inner)}};
    row.spec["reward"] = {
        {"id", "lea.shuffled"},
        {"params", {{"seed", shuffle}, {"of", {{"id", "lea.le"}, {"params", {{"seed", inner}}}}}}}};
    return row;
  }
  nlohmann::json rows() { return nlohmann::json::parse(table("json")).at("rows"); }
};

TEST_F(OwnSeeds, AreRepetitionsOfOneRow) {
  put(row("LER", 1, 1), 0.04);
  put(row("LER", 2, 2), 0.06);
  const nlohmann::json shown = rows();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0]["test"]["ndcg@20"]["n"], 2);
  EXPECT_NEAR(shown[0]["test"]["ndcg@20"]["mean"].get<double>(), 0.05, 1e-12);
  EXPECT_THAT(table("csv"), Not(HasSubstr("environments.le.seed")));
}

TEST_F(OwnSeeds, DoNotMergeRowsThatABundleTellsApartByASeed) {
  put(row("shuffled", 1, 1), 0.04);
  put(row("shuffled otherwise", 1, 1, 2), 0.06);
  EXPECT_EQ(rows().size(), 2u);
}

TEST_F(OwnSeeds, AreRowsOfTheirOwnWithoutAnAxisOfSeeds) {
  for (const int64_t inner : {1, 2}) {
    db::RunRow one = row("LER", 1, inner);
    one.axes = {"variant", "environments.le.seed"};
    one.labels.erase("seed");
    put(one, 0.04);
  }
  EXPECT_EQ(rows().size(), 2u);
}

}  // namespace
}  // namespace lea::report
