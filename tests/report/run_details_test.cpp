#include "core/report/run_details.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunDetailsTest : public ReportTest {
 protected:
  void SetUp() override {
    ReportTest::SetUp();
    view_ = {run("gru4rec", "snqn", 1),
             {{{"ndcg@5", 0.0625}, {"hr@5", 0.125}}, {{"ndcg@20", 0.09}}}};
    view_.run.result["metrics"] = {{"test", {{"ndcg@5", 0.0625}}}};
  }

  // Two test events of 100 items; the target of the second one ties with the best.
  void write_ranks() const {
    eval::RankFile ranks{std::string(64, 'd'), std::string(64, '5'), 100, {}};
    ranks.records = {{0, 0, 9, 3, 50, 0, 40, 0}, {0, 1, 7, 3, 1, 1, 1, 0}};
    const std::string folder = lab_ + "/runs/" + view_.run.uuid;
    std::filesystem::create_directories(folder);
    publish_file(folder + "/ranks.bin", eval::encode_ranks(ranks));
  }
  RunDetails details(bool slices = false) const { return details_of(view_, lab_, {slices}); }
  static std::vector<std::string> lines_of(const RunDetails& details) {
    std::vector<std::string> lines;
    for (const ProtocolMetrics& of : details.protocols)
      lines.push_back(of.part + (of.remove_seen ? " removed " : " kept ") + of.ties);
    return lines;
  }

  RunView view_;
};

TEST_F(RunDetailsTest, HaveTheMetricsUnderEveryPolicyFromTheRanks) {
  write_ranks();
  const RunDetails found = details(/*slices=*/true);
  EXPECT_EQ(lines_of(found),
            (std::vector<std::string>{"test kept pessimistic", "test kept expected",
                                      "test kept optimistic", "test removed pessimistic",
                                      "test removed expected", "test removed optimistic",
                                      "valid, stored kept pessimistic"}));
  EXPECT_NEAR(found.protocols[0].metrics.at("ndcg@5"), 0.5 / std::log2(3), 1e-12);
  EXPECT_NEAR(found.protocols[2].metrics.at("ndcg@5"), 0.5, 1e-12);
  ASSERT_TRUE(found.slices.has_value());
  EXPECT_EQ(found.slices->front().first, "history:0");
  EXPECT_FALSE(details(/*slices=*/false).slices.has_value());
}

TEST_F(RunDetailsTest, LackTheProtocolThatImportedRanksDoNotCover) {
  write_ranks();
  view_.run.result["unseen_ranks"] = false;
  view_.metrics.valid.clear();
  EXPECT_EQ(lines_of(details()),
            (std::vector<std::string>{"test kept pessimistic", "test kept expected",
                                      "test kept optimistic"}));
}

TEST_F(RunDetailsTest, HaveTheStoredMetricsWhenTheRanksAreMissing) {
  const RunDetails found = details(/*slices=*/true);
  EXPECT_EQ(lines_of(found), (std::vector<std::string>{"test, stored kept pessimistic",
                                                       "valid, stored kept pessimistic"}));
  EXPECT_EQ(found.protocols[0].metrics.at("ndcg@5"), 0.0625);
  const std::string text = details_text(found);
  EXPECT_THAT(text, HasSubstr("ranks.bin is not in the run's folder"));
  EXPECT_THAT(text, Not(HasSubstr("by slice")));
  EXPECT_EQ(nlohmann::json::parse(details_json(found)).at("slices"), nlohmann::json::object());
}

TEST_F(RunDetailsTest, ShowTheWholeRunAsText) {
  write_ranks();
  EXPECT_EQ(details_text(details(/*slices=*/true)), R"(run 01010101-0000-4000-8000-000000000000
study: gru4rec snqn, seed 1
finished
created 2026-01-31T00:00:00Z, finished 2026-01-31T01:00:00Z
hash cccccccccccccccccccccccccccccccccccccccccccccccccccccccc01010101

Spec
  augment: null
  backbone:
    id: lea.gru4rec
    params:
      width: 64
  data:
    history: 10
    name: industry
  evaluate:
    first_event: true
    k:
      - 5
      - 20
    remove_seen: false
    test: true
    ties: pessimistic
  framework:
    id: lea.snqn
    params: {}
  reward: null
  seed: 1
  split:
    by: sequence
    ratios:
      - 0.8
      - 0.1
      - 0.1
    seed: 1
  state: null
  train:
    keep: all
    learning_rate: 0.005
    stop_on: "ndcg@20"
    weight_decay: 0.0

Provenance
  collapsed: false
  data_fingerprint: dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
  plugins:
    -
      id: "framework lea.snqn"
      sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      version: "1"
  split_fingerprint: "5eed000000000000000000000000000000000000000000000000000000000000"
  state: finished
  tie_share: 0.0
  wall_seconds: 60

Metrics
  part           seen items  ties         HR@5    NDCG@5  MRR@5   HR@20   NDCG@20  MRR@20
  test           kept        pessimistic  0.5000  0.3155  0.2500  0.5000  0.3155   0.2500
  test           kept        expected     0.5000  0.4077  0.3750  0.5000  0.4077   0.3750
  test           kept        optimistic   0.5000  0.5000  0.5000  0.5000  0.5000   0.5000
  test           removed     pessimistic  0.5000  0.5000  0.5000  0.5000  0.5000   0.5000
  test           removed     expected     0.5000  0.5000  0.5000  0.5000  0.5000   0.5000
  test           removed     optimistic   0.5000  0.5000  0.5000  0.5000  0.5000   0.5000
  valid, stored  kept        pessimistic                                  0.0900

Test metrics by slice, in the run's own protocol
  slice            HR@5    NDCG@5  MRR@5   HR@20   NDCG@20  MRR@20
  history:0        0.0000  0.0000  0.0000  0.0000  0.0000   0.0000
  history:1-2      1.0000  0.6309  0.5000  1.0000  0.6309   0.5000
  popularity:head  0.5000  0.3155  0.2500  0.5000  0.3155   0.2500
)");
}

TEST_F(RunDetailsTest, GiveScriptsTheSpecAndTheResultAsTheyAreStored) {
  write_ranks();
  const auto json = nlohmann::json::parse(details_json(details()));
  EXPECT_EQ(json.at("spec"), view_.run.spec);
  EXPECT_EQ(json.at("result"), view_.run.result);
  EXPECT_EQ(json.at("protocols").size(), 7u);
  EXPECT_EQ(json.at("protocols")[1].at("ties"), "expected");
  EXPECT_EQ(json.at("metrics").at("valid").at("ndcg@20"), 0.09);
  EXPECT_FALSE(json.contains("slices"));
}

TEST_F(RunDetailsTest, OfARunWithoutAResultHaveNoProvenance) {
  view_.run.state = "failed";
  view_.run.reason = "out of \x1b[31mmemory";
  view_.run.result = nullptr;
  const RunDetails found = details();
  EXPECT_TRUE(found.provenance.is_null());
  const std::string text = details_text(found);
  EXPECT_THAT(text, HasSubstr("failed: out of \\x1b[31mmemory\n"));
  EXPECT_THAT(text, Not(HasSubstr("Provenance")));
  EXPECT_THAT(text, Not(HasSubstr("ranks.bin")));
}

TEST_F(RunDetailsTest, OfARunWithoutASeedNameNone) {
  view_.run.seed = 0;
  EXPECT_THAT(details_text(details()), HasSubstr("\nstudy: gru4rec snqn\nfinished\n"));
}

TEST_F(RunDetailsTest, HaveTheRevisionAndWhetherTheTreeWasClean) {
  view_.run.result.update({{"revision", "67fe762"}, {"tree_clean", false}});
  const std::string text = details_text(details());
  EXPECT_THAT(text, HasSubstr("\n  revision: "));
  EXPECT_THAT(text, HasSubstr("67fe762"));
  EXPECT_THAT(text, HasSubstr("\n  tree_clean: false\n"));
}

TEST(ViewOf, SortsTheResultsByPart) {
  db::RunRow run;
  run.uuid = "u";
  const RunView view = view_of(run, {{"u", "hr", "test", 5, 0.25}, {"u", "hr", "valid", 5, 0.5}});
  EXPECT_EQ(view.run.uuid, "u");
  EXPECT_EQ(view.metrics.test, (std::map<std::string, double>{{"hr@5", 0.25}}));
  EXPECT_EQ(view.metrics.valid, (std::map<std::string, double>{{"hr@5", 0.5}}));
}

}  // namespace
}  // namespace lea::report
