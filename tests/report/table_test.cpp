#include <gmock/gmock.h>

#include <fstream>

#include "core/base/error.h"
#include "core/report/render.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;
using testing::Not;

nlohmann::json golden() {
  std::ifstream file(LEA_SOURCE_DIR "/tests/golden/report/table.json");
  return nlohmann::json::parse(file);
}

TEST(Statistics, AgreesWithScipysStudentT) {
  const nlohmann::json quantiles = golden().at("t_975");
  ASSERT_GT(quantiles.size(), 5u);
  for (const auto& [degrees, quantile] : quantiles.items()) {
    EXPECT_NEAR(student_t(0.95, std::stoll(degrees)), quantile.get<double>(), 1e-9) << degrees;
  }
}

TEST(Statistics, HasNoIntervalForOneRun) {
  const Summary one = summarize({0.5});
  EXPECT_EQ(one.n, 1);
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_FALSE(one.half_width);
  EXPECT_FALSE(one.deviation);
}

using Table = ReportTest;

TEST_F(Table, HasTheMeansIntervalsAndMarksOfScipy) {
  const nlohmann::json rows = golden().at("rows");
  ASSERT_GE(rows.size(), 5u);
  for (const auto& row : rows) {
    const std::string backbone = row["backbone"];
    int64_t seed = backbone == "-" ? 0 : 1;
    for (const double value : row["values"]) {
      put(run(backbone == "-" ? "" : backbone, row["framework"], seed++), value);
    }
  }
  const auto shown = nlohmann::json::parse(table("json"));
  ASSERT_EQ(shown["rows"].size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& expected = rows[i];
    const auto found =
        std::find_if(shown["rows"].begin(), shown["rows"].end(), [&](const nlohmann::json& row) {
          return row["labels"]["backbone"] == expected["backbone"] &&
                 row["labels"]["framework"] == expected["framework"];
        });
    ASSERT_NE(found, shown["rows"].end()) << expected;
    const auto& cell = (*found)["test"]["ndcg@20"];
    EXPECT_NEAR(cell["mean"].get<double>(), expected["mean"].get<double>(), 1e-15) << expected;
    EXPECT_EQ(cell["mark"], expected["mark"]) << expected;
    EXPECT_EQ(cell["n"], expected["values"].size());
    ASSERT_EQ(cell["half_width"].is_null(), expected["half_width"].is_null());
    if (expected["half_width"].is_null()) continue;
    EXPECT_NEAR(cell["half_width"].get<double>(), expected["half_width"].get<double>(), 1e-12);
    EXPECT_NEAR(cell["deviation"].get<double>(), expected["deviation"].get<double>(), 1e-15);
  }
}

TEST_F(Table, PutsUntrainedBaselinesFirstAndBlocksByBackbone) {
  put(run("sasrec", "snqn", 1), 0.04);
  put(run("gru4rec", "supervised", 1), 0.03);
  put(run("gru4rec", "supervised", 2), 0.05);
  put(run("", "popularity", 0), 0.02);
  std::string rule;
  for (int i = 0; i < 98; ++i) rule += "─";
  rule += "\n";
  const std::string text = table("text");
  EXPECT_EQ(
      text.substr(0, text.find("Mean over")),
      "study\n\n"
      "backbone  framework   n  HR@5           NDCG@5         HR@20          NDCG@20        valid "
      "NDCG@20\n" +
          rule +
          "-         popularity  1  0.0200 –²      0.0200 –²      0.0200 –²      0.0200 –²\n" +
          rule +
          "gru4rec   supervised  2  0.0400±.1271¹  0.0400±.1271¹  0.0400±.1271¹  0.0400±.1271¹  "
          "0.0400±.1271\n" +
          rule +
          "sasrec    snqn        1  0.0400 –¹      0.0400 –¹      0.0400 –¹      0.0400 –¹      "
          "0.0400 "
          "–\n" +
          rule);
}

TEST_F(Table, UsesAnsiMarksOnATerminalOnly) {
  put(run("gru4rec", "supervised", 1), 0.03);
  put(run("gru4rec", "snqn", 1), 0.04);
  put(run("gru4rec", "sa2c", 1), 0.02);
  EXPECT_THAT(table("text", true), HasSubstr("\033[1m0.0400\033[0m –"));
  EXPECT_THAT(table("text", true), HasSubstr("\033[4m0.0300\033[0m –"));
  EXPECT_THAT(table("text", false), Not(HasSubstr("\033")));
  EXPECT_THAT(table("markdown", true), HasSubstr("| gru4rec | snqn | 1 | **0.0400** – |"));
  EXPECT_THAT(table("latex", true), HasSubstr("gru4rec & supervised & 1 & \\underline{0.0300} --"));
  EXPECT_THAT(table("csv", true), HasSubstr("study,gru4rec,snqn,1,0,0,0.04,,best"));
}

TEST_F(Table, SaysDataSplitAndProtocolInTheFooter) {
  std::filesystem::create_directories(lab_ + "/data/industry");
  publish_file(
      lab_ + "/data/industry/dataset.json",
      nlohmann::json{{"fingerprint", std::string(64, 'd')},
                     {"counts", {{"items", 5814}, {"sequences", 10935}, {"events", 71872}}}}
          .dump());
  put(run("gru4rec", "snqn", 1), 0.04);
  put(run("gru4rec", "snqn", 2), 0.04);
  TableOptions options;
  options.lab = lab_;
  const std::string text = table("text", false, options);
  EXPECT_THAT(text,
              HasSubstr("Data: industry, 5,814 items, 10,935 sequences, 71,872 events; split by "
                        "sequence 0.8/0.1/0.1 seed 1, fingerprint 5eed0000.\n"));
  EXPECT_THAT(text,
              HasSubstr("Protocol: full ranking over all items, seen items kept, ties against the "
                        "target (pessimistic), first events of sequences counted.\n"));
  EXPECT_THAT(text, HasSubstr("Runs: 2 finished; seeds 1, 2"));
}

TEST_F(Table, GivesNoCountsOfAnotherDataSetOfTheName) {
  std::filesystem::create_directories(lab_ + "/data/industry");
  publish_file(lab_ + "/data/industry/dataset.json",
               R"({"fingerprint": "other", "counts": {"items": 7, "sequences": 7, "events": 7}})");
  put(run("gru4rec", "snqn", 1), 0.04);
  TableOptions options;
  options.lab = lab_;
  EXPECT_THAT(table("text", false, options),
              HasSubstr("Data: industry (fingerprint dddddddd, not the data set that the lab has "
                        "now); split by"));
}

TEST_F(Table, NeverAveragesOverTwoDataSets) {
  db::RunRow old = run("gru4rec", "snqn", 1);
  put(old, 0.01);
  db::RunRow renewed = run("gru4rec", "snqn", 2);
  renewed.result["data_fingerprint"] = std::string(64, 'e');
  renewed.created = "2026-02-01T00:00:00Z";
  put(renewed, 0.04);
  const auto shown = nlohmann::json::parse(table("json"));
  ASSERT_EQ(shown["rows"].size(), 1u);
  EXPECT_EQ(shown["rows"][0]["test"]["ndcg@20"]["n"], 1);
  EXPECT_EQ(shown["rows"][0]["test"]["ndcg@20"]["mean"], 0.04);
  EXPECT_THAT(table("text"), HasSubstr("1 finished run left out whose data set was replaced"));
}

TEST_F(Table, PrefersTheDataSetThatTheLabHasNow) {
  const db::RunRow own = run("gru4rec", "snqn", 1);
  db::RunRow newer = run("gru4rec", "snqn", 1);
  newer.result["data_fingerprint"] = std::string(64, 'e');
  newer.created = "2026-02-01T00:00:00Z";
  put(own, 0.01);
  put(newer, 0.04);
  std::filesystem::create_directories(lab_ + "/data/industry");
  publish_file(lab_ + "/data/industry/dataset.json",
               nlohmann::json{{"fingerprint", std::string(64, 'd')}}.dump());
  TableOptions options;
  options.lab = lab_;
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,gru4rec,snqn,1,0,0,0.01,"));
}

TEST_F(Table, MeasuresNothingWithoutTheRanksThatTheProtocolNeeds) {
  put(run("gru4rec", "snqn", 1), 0.04);
  db::RunRow theirs = run("", "theirs", 1);
  theirs.source = "imported";
  theirs.result["unseen_ranks"] = false;
  put(theirs, 0.09);
  for (const char* uuid : {"01010101", "02020202"}) {
    const std::string folder = lab_ + "/runs/" + uuid + "-0000-4000-8000-000000000000";
    std::filesystem::create_directories(folder);
    const eval::RankFile ranks{
        std::string(64, 'd'), "5eed" + std::string(60, '0'), 100, {{0, 1, 7, 3, 1, 0, 1, 0}}};
    publish_file(folder + "/ranks.bin", eval::encode_ranks(ranks));
  }
  TableOptions options;
  options.lab = lab_;
  options.remove_seen = true;
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,gru4rec,snqn,1,0,0,1.0,"));
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,,theirs,1,0,0,,,,"));
  EXPECT_THAT(table("text", false, options),
              HasSubstr("Not measured: theirs: was imported without ranks"));
  EXPECT_THAT(table("csv"), HasSubstr("study,,theirs,1,0,0,0.09,"));
}

TEST_F(Table, ListsFailedAndMissingRuns) {
  put(run("gru4rec", "snqn", 1), 0.04);
  put(run("gru4rec", "snqn", 2), 0.04);
  db::RunRow failed = run("sasrec", "snqn", 1);
  failed.state = "failed";
  failed.reason = "loss is NaN at step 12";
  put(failed, 0);
  const std::string text = table("text");
  EXPECT_THAT(text,
              HasSubstr("FAILED: sasrec snqn, seed 1, run 03030303: loss is NaN at step 12\n"));
  EXPECT_THAT(text, HasSubstr("Missing: sasrec snqn, seed 2\n"));
  EXPECT_THAT(text, HasSubstr("sasrec    snqn       0  FAILED\n"));
  EXPECT_THAT(text, HasSubstr("Runs: 2 finished, 1 failed, 1 missing;"));
}

TEST_F(Table, ShowsPlannedCellsThatHaveNoRun) {
  db::RunRow done = run("gru4rec", "snqn", 1);
  done.spec["reward"] = {{"id", "lea.predefined"}, {"params", nlohmann::json::object()}};
  put(done, 0.04);
  db::ExperimentRow plan{"study", "2026-01-31T00:00:00Z", done.axes, nlohmann::json::object(), {}};
  plan.runs.push_back({done.run_hash, 1, done.labels});
  plan.runs.push_back({std::string(64, 'e'), 2, done.labels});
  plan.runs.push_back({std::string(64, 'f'), 1, {{"backbone", "gru4rec"}, {"framework", "sa2c"}}});
  plan.runs.push_back({std::string(64, 'd'), 1, {{"backbone", "sasrec"}}});
  db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan);
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("gru4rec   sa2c       0  not run\n"));
  EXPECT_THAT(text, HasSubstr("sasrec               0  not run\n")) << "no guess at its framework";
  EXPECT_THAT(text, HasSubstr("backbone  framework  n  HR@5"))
      << "no column for what a planned cell cannot tell";
  EXPECT_THAT(text, HasSubstr("Missing: gru4rec snqn, seed 2\n"));
  EXPECT_THAT(text, HasSubstr("Missing: gru4rec sa2c, seed 1\n"));
}

// The plan of four runs, the first two of which have folders.
db::ExperimentRow plan_of(const db::RunRow& first, const db::RunRow& second) {
  db::ExperimentRow plan{"study", "2026-01-31T00:00:00Z", first.axes, nlohmann::json::object(), {}};
  plan.runs.push_back({first.run_hash, first.seed, first.labels});
  plan.runs.push_back({second.run_hash, second.seed, second.labels});
  plan.runs.push_back({std::string(64, 'e'), 3, second.labels});
  plan.runs.push_back({std::string(64, 'f'), 4, second.labels});
  return plan;
}

TEST_F(Table, IsASentenceBeforeTheFirstRunHasFinished) {
  db::RunRow first = run("gru4rec", "snqn", 1), second = run("gru4rec", "snqn", 2);
  db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan_of(first, second));
  EXPECT_EQ(table("text"),
            "study: no run has finished yet: 4 to do; `lealab run` with its spec makes them.\n");
  first.state = "running";
  second.state = "queued";
  for (db::RunRow* row : {&first, &second}) {
    row->result = nullptr;
    put(*row, 0);
  }
  const std::string sentence =
      "study: no run has finished yet: 1 running, 3 to do; `lealab watch study` shows them.";
  EXPECT_EQ(table("text"), sentence + "\n");
  EXPECT_EQ(table("markdown"), sentence + "\n");
  EXPECT_EQ(table("latex"), "% " + sentence + "\n");
  EXPECT_EQ(table("csv"), "experiment,backbone,framework,n,failed,missing\n");
  const auto json = nlohmann::json::parse(table("json"));
  EXPECT_EQ(json["experiment"], "study");
  EXPECT_TRUE(json["rows"].is_array() && json["rows"].empty());
  EXPECT_EQ(json["notes"][0], sentence);
}

TEST_F(Table, SaysHowManyRunsAreInEachState) {
  put(run("gru4rec", "sqn", 1), 0.04);
  for (const char* state : {"running", "queued", "running", "interrupted"}) {
    db::RunRow row = run("gru4rec", "snqn", count_ + 1);
    row.state = state;
    row.result = nullptr;
    put(row, 0);
  }
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("Runs: 1 finished, 2 running, 1 interrupted, 1 queued"));
  EXPECT_THAT(text, HasSubstr("gru4rec   snqn       0  running\n"));
}

TEST_F(Table, CountsASeedOnceAndTakesTheNewestRun) {
  db::RunRow old = run("gru4rec", "snqn", 1);
  put(old, 0.01);
  db::RunRow again = run("gru4rec", "snqn", 1);
  again.created = "2026-02-01T00:00:00Z";
  put(again, 0.04);
  const auto shown = nlohmann::json::parse(table("json"));
  ASSERT_EQ(shown["rows"].size(), 1u);
  EXPECT_EQ(shown["rows"][0]["test"]["ndcg@20"]["n"], 1);
  EXPECT_EQ(shown["rows"][0]["test"]["ndcg@20"]["mean"], 0.04);
}

TEST_F(Table, NamesTheDifferenceOfCellsWithEqualLabels) {
  put(run("gru4rec", "snqn", 1), 0.04);
  db::RunRow faster = run("gru4rec", "snqn", 1);
  faster.spec["train"]["learning_rate"] = 0.01;
  put(faster, 0.03);
  EXPECT_THAT(table("csv"), HasSubstr("experiment,backbone,framework,train.learning_rate,n,"));
  EXPECT_THAT(table("csv"), HasSubstr("study,gru4rec,snqn,0.005,1,"));
  EXPECT_THAT(table("csv"), HasSubstr("study,gru4rec,snqn,0.01,1,"));
}

TEST_F(Table, ComparesOnlyRowsOfOneSplit) {
  put(run("gru4rec", "snqn", 1), 0.04);
  db::RunRow other = run("gru4rec", "sa2c", 1);
  other.result["split_fingerprint"] = std::string(64, '7');
  put(other, 0.03);
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("marks compare only rows that share them"));
  EXPECT_THAT(text, HasSubstr("0.0400 –  "));
  EXPECT_THAT(text, HasSubstr("0.0300 –  "));
  const std::string rows = text.substr(0, text.find("Mean over"));
  EXPECT_THAT(rows, Not(HasSubstr("¹"))) << "no row may be the best of two splits";
  EXPECT_THAT(rows, Not(HasSubstr("²")));
}

TEST_F(Table, FlagsCollapseTiesAndStaleRuns) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.result["collapsed"] = true;
  row.result["tie_share"] = 0.25;
  row.result["metrics"]["test"]["ndcg@20"] = 0.04;
  put(row, 0.04);
  TableOptions options;
  options.installed = {{"framework lea.snqn", {"2", std::string(64, 'a')}}};
  const std::string text = table("text", false, options);
  EXPECT_THAT(text, HasSubstr("Collapsed (constant scores): gru4rec snqn, seed 1, run 01010101\n"));
  EXPECT_THAT(
      text,
      HasSubstr("Ties: gru4rec snqn: the target ties in up to 25.00 % of the test events.\n"));
  EXPECT_THAT(text, HasSubstr("1 run is stale: made with framework lea.snqn 1 (now 2).\n"));
}

TEST_F(Table, FlagsARowWhoseRunsWereMadeOnTwoKindsOfMachines) {
  for (const int64_t seed : {1, 2, 3}) {
    db::RunRow row = run("gru4rec", "snqn", seed);
    row.result["machine_kind"] = seed == 2 ? "an old one" : "a new one";
    put(row, 0.04);
    row = run("sasrec", "snqn", seed);
    row.result["machine_kind"] = "a new one";
    put(row, 0.04);
  }
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("Mixed machines: gru4rec snqn: a new one (seed 1, 3); an old one "
                              "(seed 2).\n"));
  EXPECT_THAT(text, Not(HasSubstr("Mixed machines: sasrec")));
}

TEST_F(Table, SaysWhatTiesChangeInThePrintedDigits) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.result["tie_share"] = 0.5;
  row.spec["framework"]["params"]["evaluated"] = "first";
  put(row, 0.04);
  eval::RankFile ranks{std::string(64, 'd'), "5eed" + std::string(60, '0'), 100, {}};
  ranks.records = {{0, 1, 7, 3, 1, 9, 1, 0}, {0, 2, 9, 3, 50, 0, 40, 0}};
  std::filesystem::create_directories(lab_ + "/runs/" + row.uuid);
  publish_file(lab_ + "/runs/" + row.uuid + "/ranks.bin", eval::encode_ranks(ranks));
  TableOptions options;
  options.lab = lab_;
  const std::string text = table("text", false, options);
  EXPECT_THAT(text,
              HasSubstr("Saturated ties: gru4rec snqn: HR@5 is 0.0000 with ties against the target "
                        "and 0.5000 with ties for it (50.00 % of the test events tie).\n"));
  EXPECT_THAT(text, HasSubstr("Ranked by each framework's own score; snqn evaluated=first.\n"));
}

TEST_F(Table, ComputesAnotherProtocolFromTheRanks) {
  const db::RunRow row = run("gru4rec", "snqn", 1);
  put(row, 0.04);
  eval::RankFile ranks{std::string(64, 'd'), "5eed" + std::string(60, '0'), 100, {}};
  // Second of two tied at the top: pessimistic rank 2, optimistic 1, alone among unseen items.
  ranks.records = {{0, 1, 7, 3, 1, 1, 1, 0}, {0, 2, 9, 3, 50, 0, 40, 0}};
  std::filesystem::create_directories(lab_ + "/runs/" + row.uuid);
  publish_file(lab_ + "/runs/" + row.uuid + "/ranks.bin", eval::encode_ranks(ranks));
  TableOptions options;
  options.lab = lab_;
  options.k = {1};
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,gru4rec,snqn,1,0,0,0.0,"));
  options.ties = eval::Ties::kOptimistic;
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,gru4rec,snqn,1,0,0,0.5,"));
  options.ties = eval::Ties::kPessimistic;
  options.remove_seen = true;
  EXPECT_THAT(table("csv", false, options), HasSubstr("study,gru4rec,snqn,1,0,0,0.5,"));
  options.lab.clear();
  EXPECT_THROW(table("csv", false, options), DataError);
}

// A run of an older program, whose labels call the default reward of an added cell `none`, and its
// learning rate `default`.
TEST_F(Table, ShowsWhatWasResolvedWhereOlderLabelsSayNone) {
  db::RunRow with_random = run("gru4rec", "snqn", 1), added = run("gru4rec", "snqn", 1);
  with_random.axes = added.axes = {"framework", "reward", "train.learning_rate"};
  with_random.labels["reward"] = "random";
  with_random.labels["train.learning_rate"] = "0.1";
  with_random.spec["reward"] = {{"id", "lea.random"}, {"params", nlohmann::json::object()}};
  with_random.spec["train"]["learning_rate"] = 0.1;
  added.labels["reward"] = "none";
  added.labels["train.learning_rate"] = "default";
  added.spec["reward"] = {{"id", "lea.predefined"}, {"params", nlohmann::json::object()}};
  put(with_random, 0.04);
  put(added, 0.05);
  // The plan was written anew, and a second seed is missing.
  auto labels = added.labels;
  labels["reward"] = "predefined";
  labels["train.learning_rate"] = "0.005";
  db::ExperimentRow plan{"study", "today", added.axes, nlohmann::json::object(), {}};
  plan.runs.push_back({with_random.run_hash, 1, with_random.labels});
  plan.runs.push_back({added.run_hash, 1, added.labels});
  plan.runs.push_back({std::string(64, 'e'), 2, labels});
  db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan);
  const auto rows = nlohmann::json::parse(table("json")).at("rows");
  ASSERT_EQ(rows.size(), 2u) << rows;
  EXPECT_EQ(rows[0]["labels"]["reward"], "random");
  EXPECT_EQ(rows[1]["labels"]["reward"], "predefined");
  EXPECT_EQ(rows[1]["labels"]["train.learning_rate"], "0.005");
  EXPECT_EQ(rows[1]["missing_seeds"], nlohmann::json::array({2}));
}

TEST_F(Table, NamesUntrainedAndImportedRunsForWhatTheyAre) {
  put(run("gru4rec", "snqn", 1), 0.04);
  EXPECT_THAT(table("text"), HasSubstr("Runs: 1 finished; seed 1; "))
      << "there is no baseline to explain";
  db::RunRow theirs = run("", "theirs", 0);
  theirs.source = "imported";
  theirs.spec["framework"]["id"] = "imported.theirs";
  put(theirs, 0.05);
  EXPECT_THAT(table("text"), HasSubstr("Runs: 2 finished; seed 1 (imported: seed 0); "));
  put(run("", "popularity", 0), 0.02);
  EXPECT_THAT(
      table("text"),
      HasSubstr("Runs: 3 finished; seed 1 (untrained baselines: one run; imported: seed 0); "));
  db::RunRow failed = run("", "markov", 0);
  failed.state = "failed";
  failed.reason = "out of memory";
  put(failed, 0);
  EXPECT_THAT(table("text"), HasSubstr("FAILED: markov, run 04040404: out of memory\n"))
      << "a run without a seed has none to name";
}

TEST_F(Table, RefusesAnUnknownFormatAndExperimentWithTheNearestName) {
  put(run("gru4rec", "snqn", 1), 0.04);
  try {
    table("markdwon");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "--format must be text, markdown, csv, latex or json, but is "
                 "`markdwon`, did you mean `markdown`?");
  }
  try {
    experiment_table(db::Store(lab_, db::Store::Mode::kReadOnly), "stduy", "text", false);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "experiment `stduy` has no runs in this lab, did you mean `study`? It has: study");
  }
}

TEST(Escape, KeepsTextText) {
  EXPECT_EQ(escape_latex("a_b & 50% #1 $x$ {y} \\z"),
            "a\\_b \\& 50\\% \\#1 \\$x\\$ \\{y\\} \\textbackslash{}z");
  EXPECT_EQ(escape_markdown("a|b *c*"), "a\\|b \\*c\\*");
}

}  // namespace
}  // namespace lea::report
