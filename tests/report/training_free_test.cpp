// The training-free section of a table, and the rows below its best.
#include <gmock/gmock.h>

#include "core/report/labels.h"
#include "core/report/training_free.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class TrainingFree : public ReportTest {
 protected:
  // A run of a training-free framework that another experiment planned.
  db::RunRow elsewhere(const std::string& framework, const std::string& experiment = "floors") {
    db::RunRow row = run("", framework, 0);
    row.experiment = experiment;
    return row;
  }
  // A trained row of the table, the mean of two seeds.
  void put_trained(const std::string& framework, double ndcg) {
    for (const int64_t seed : {1, 2}) put(run("gru4rec", framework, seed), ndcg);
  }
  nlohmann::json json() { return nlohmann::json::parse(table("json")); }
  // The names of the borrowed rows.
  std::vector<std::string> borrowed() {
    std::vector<std::string> names;
    const auto shown = json();
    for (const auto& row : shown.at("training_free"))
      names.push_back(row.at("labels").at("framework"));
    return names;
  }
  // The rows of the text format, from the first rule to the last.
  std::string rows_of_text() {
    const std::string text = table("text");
    return text.substr(0, text.find("Mean over"));
  }
};

TEST_F(TrainingFree, RowsOfOtherExperimentsJoinTheFirstBlock) {
  put_trained("snqn", 0.05);
  put(run("", "popularity", 0), 0.02);
  put(elsewhere("vsknn"), 0.03);
  put(elsewhere("markov"), 0.04);
  EXPECT_THAT(rows_of_text(),
              ContainsRegex("n  HR@5[^\n]*\n(─)+\n-  +popularity +1  0.0200[^\n]*\n"
                            "-  +markov +1  0.0400 [^\n]*\n-  +vsknn +1  0.0300 [^\n]*\n"
                            "(─)+\ngru4rec +snqn +2  0.0500[^\n]*\n(─)+\n"));
  EXPECT_THAT(table("text"), HasSubstr("Training-free: 3 rows, of which 2 made for floors; the "
                                       "best NDCG@20 is 0.0400 (markov).\n"));
  EXPECT_THAT(table("latex"),
              ContainsRegex("-- & popularity & 1 [^\n]*\n-- & markov & 1 & 0.0400 --[^\n]*\n"
                            "-- & vsknn & 1 [^\n]*\n[\\]midrule\ngru4rec & snqn & 2 "));
}

TEST_F(TrainingFree, RowsOfOtherExperimentsLeaveTheMarksAlone) {
  put_trained("snqn", 0.05);
  put_trained("sa2c", 0.03);
  put(elsewhere("markov"), 0.09);
  const auto shown = json();
  ASSERT_EQ(shown["rows"].size(), 2u);
  EXPECT_EQ(shown["rows"][0]["test"]["ndcg@20"]["mark"], "second") << "sa2c";
  EXPECT_EQ(shown["rows"][1]["test"]["ndcg@20"]["mark"], "best") << "snqn";
  ASSERT_EQ(shown["training_free"].size(), 1u);
  EXPECT_EQ(shown["training_free"][0]["experiment"], "floors");
  EXPECT_EQ(shown["training_free"][0]["labels"]["framework"], "markov");
  EXPECT_EQ(shown["training_free"][0]["test"]["ndcg@20"]["mean"], 0.09);
  EXPECT_EQ(shown["training_free"][0]["test"]["ndcg@20"]["mark"], "");
  EXPECT_THAT(table("text"), HasSubstr("Runs: 4 finished; seeds 1, 2"))
      << "the runs of other experiments are not counted";
}

TEST_F(TrainingFree, ATrainedRowBelowTheBestOfThemIsMarkedInEveryFormat) {
  put_trained("snqn", 0.05);
  put_trained("supervised", 0.03);
  put(run("", "popularity", 0), 0.02);
  put(elsewhere("markov"), 0.04);
  const std::string rows = rows_of_text();
  EXPECT_THAT(rows,
              ContainsRegex("supervised [^\n]*0.0300±.0000²  below the training-free floor\n"));
  EXPECT_THAT(rows, Not(ContainsRegex("snqn [^\n]*below")));
  EXPECT_THAT(rows, Not(ContainsRegex("popularity [^\n]*below"))) << "it is not trained";
  const std::string line = "Below the training-free floor: gru4rec supervised (NDCG@20 0.0300).\n";
  EXPECT_THAT(table("text"), HasSubstr(line));
  EXPECT_THAT(table("markdown"), HasSubstr("Below the training-free floor: gru4rec supervised"));
  EXPECT_THAT(table("latex"), HasSubstr("gru4rec & supervised$^\\dagger$ & 2 & "));
  EXPECT_THAT(table("latex"),
              HasSubstr("\\bottomrule\n\\multicolumn{8}{l}{\\footnotesize $^\\dagger$ below the "
                        "training-free floor} \\\\\n\\end{tabular}\n"));
  EXPECT_THAT(table("csv"), ContainsRegex("gru4rec,supervised,2,[^\n]*,trained,below\n"));
  EXPECT_THAT(table("csv"), ContainsRegex("gru4rec,snqn,2,[^\n]*,trained,\n"));
  const auto shown = json();
  for (const auto& row : shown["rows"])
    EXPECT_EQ(row["below_floor"], row["labels"]["framework"] == "supervised");
}

TEST_F(TrainingFree, TheFloorComparesWhatIsPrinted) {
  put_trained("snqn", 0.04001);
  put(elsewhere("markov"), 0.04004);
  EXPECT_THAT(table("text"), Not(HasSubstr("elow the training-free floor")));
}

TEST_F(TrainingFree, TheFloorIsThatOfTheMetricThatStoppedTheTraining) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.spec["train"]["stop_on"] = "hr@5";
  db::Store store(lab_, db::Store::Mode::kWrite);
  const auto results = [](const std::string& uuid, double at_5, double hr_20, double ndcg_20) {
    return std::vector<db::ResultRow>{{uuid, "hr", "test", 5, at_5},
                                      {uuid, "ndcg", "test", 5, at_5},
                                      {uuid, "hr", "test", 20, hr_20},
                                      {uuid, "ndcg", "test", 20, ndcg_20}};
  };
  store.put(row, results(row.uuid, 0.02, 0.1, 0.045), {});
  const db::RunRow floor = elsewhere("markov");
  store.put(floor, results(floor.uuid, 0.03, 0.04, 0.033), {});
  EXPECT_THAT(experiment_table(store, "study", "text", false),
              HasSubstr("Below the training-free floor: gru4rec snqn (HR@5 0.0200).\n"));
}

TEST_F(TrainingFree, WithoutTestNumbersTheFloorIsThatOfTheValidation) {
  const auto row_of = [&](const db::RunRow& run, double valid) {
    Row row;
    row.name = describe(run);
    row.untrained = untrained(run);
    row.finished.push_back({run, {}, {run.uuid, run.created, run::State::kFinished}, {}, {}});
    row.values = {{{}, Mark::kNone}, {summarize({valid}), Mark::kNone}};
    return row;
  };
  Pivot pivot;
  pivot.axes = {"backbone", "framework"};
  pivot.columns = {{"ndcg@20", "test", "NDCG@20"}, {"ndcg@20", "valid", "valid NDCG@20"}};
  pivot.rows = {row_of(run("", "markov", 0), 0.04), row_of(run("gru4rec", "snqn", 1), 0.03),
                row_of(run("gru4rec", "sa2c", 1), 0.05)};
  add_training_free(db::Store(lab_, db::Store::Mode::kMemory), {}, &pivot);
  EXPECT_FALSE(pivot.rows[0].below_floor);
  EXPECT_TRUE(pivot.rows[1].below_floor);
  EXPECT_FALSE(pivot.rows[2].below_floor);
  EXPECT_THAT(training_free_notes({}, &pivot),
              ElementsAre("Training-free: 1 row; the best valid NDCG@20 is 0.0400 (markov).",
                          "Below the training-free floor: gru4rec snqn (valid NDCG@20 0.0300)."));
}

TEST_F(TrainingFree, BelongOnlyToTheSameDataSplitProtocolAndHistory) {
  put_trained("snqn", 0.05);
  db::RunRow other = elsewhere("popularity");
  other.result["data_fingerprint"] = std::string(64, 'e');
  put(other, 0.09);
  other = elsewhere("markov");
  other.result["split_fingerprint"] = std::string(64, 'e');
  put(other, 0.09);
  other = elsewhere("item_knn");
  other.spec["evaluate"]["remove_seen"] = true;
  put(other, 0.09);
  other = elsewhere("vsknn");
  other.spec["data"]["history"] = 50;
  put(other, 0.09);
  other = elsewhere("failed");
  other.state = "failed";
  put(other, 0);
  other = elsewhere("theirs");
  other.source = "imported";
  put(other, 0.09);
  EXPECT_THAT(borrowed(), testing::IsEmpty());
  put(elsewhere("markov"), 0.03);
  EXPECT_THAT(borrowed(), ElementsAre("markov"));
}

TEST_F(TrainingFree, AreListedOncePerSetting) {
  put_trained("snqn", 0.05);
  put(run("", "popularity", 0), 0.02);
  put(elsewhere("popularity"), 0.02);
  db::RunRow old = elsewhere("markov"), again = elsewhere("markov", "later");
  old.spec["evaluate"]["k"] = {5, 20, 50};
  again.created = "2026-02-01T00:00:00Z";
  put(old, 0.03);
  put(again, 0.04);
  const auto shown = json();
  ASSERT_EQ(shown["training_free"].size(), 1u) << shown["training_free"];
  EXPECT_EQ(shown["training_free"][0]["experiment"], "later");
  EXPECT_EQ(shown["training_free"][0]["test"]["ndcg@20"]["mean"], 0.04);
}

TEST_F(TrainingFree, OfEqualNamesAreToldApartByTheirParameters) {
  put_trained("snqn", 0.05);
  for (const int neighbours : {100, 500}) {
    db::RunRow row = elsewhere("vsknn");
    row.spec["framework"]["params"] = {{"k", neighbours}, {"decay", 0.5}};
    put(row, 0.02 + neighbours / 1e4);
  }
  EXPECT_THAT(borrowed(), ElementsAre("vsknn k=100", "vsknn k=500"));
  EXPECT_THAT(table("text"), HasSubstr("the best NDCG@20 is 0.0700 (vsknn k=500).\n"));
}

TEST_F(TrainingFree, AreComputedUnderTheProtocolOfTheTable) {
  const auto with_rank = [&](const db::RunRow& row, uint32_t rank) {
    put(row, 0.04);
    eval::RankFile ranks{std::string(64, 'd'), "5eed" + std::string(60, '0'), 100, {}};
    ranks.records = {{0, 1, 7, 3, rank, 0, rank, 0}};
    std::filesystem::create_directories(lab_ + "/runs/" + row.uuid);
    publish_file(lab_ + "/runs/" + row.uuid + "/ranks.bin", eval::encode_ranks(ranks));
  };
  with_rank(run("gru4rec", "snqn", 1), 3);
  with_rank(elsewhere("markov"), 1);
  put(elsewhere("popularity"), 0.04);  // its ranks are gone
  TableOptions options;
  options.lab = lab_;
  options.k = {2};
  const auto shown = nlohmann::json::parse(table("json", false, options));
  ASSERT_EQ(shown["training_free"].size(), 1u);
  EXPECT_EQ(shown["training_free"][0]["test"]["hr@2"]["mean"], 1);
  EXPECT_EQ(shown["rows"][0]["below_floor"], true) << "rank 3 is no hit at 2";
}

TEST_F(TrainingFree, TheLinesOfAnExperimentInMarkdownAndCsvDependOnItAlone) {
  put_trained("snqn", 0.05);
  const auto bars = [&] {
    std::string lines, markdown = table("markdown");
    for (size_t at = 0, end; at < markdown.size(); at = end + 1) {
      end = markdown.find('\n', at);
      if (markdown[at] == '|') lines += markdown.substr(at, end - at + 1);
    }
    return lines;
  };
  const std::string before = bars(), csv = table("csv");
  put(elsewhere("markov"), 0.04);
  EXPECT_EQ(bars(), before);
  EXPECT_EQ(table("csv"), csv);
  EXPECT_THAT(table("markdown"),
              HasSubstr("\n\nTraining-free rows of other experiments with the same data, split and "
                        "protocol:\n\nexperiment | backbone | framework | n | HR@5 | NDCG@5 | "
                        "HR@20 | NDCG@20 | valid NDCG@20\n--- | --- | --- | ---: | ---: | ---: | "
                        "---: | ---: | ---:\nfloors | - | markov | 1 | 0.0400 – | "));
  EXPECT_THAT(csv, ContainsRegex("^experiment,backbone,framework,n,failed,missing,[^\n]*,section,"
                                 "training-free floor\n"));
}

TEST_F(TrainingFree, WithoutAnyTheCommandThatMakesThemIsPrinted) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.spec["data"] = {{"name", "industry"}, {"history", 20}, {"path", lab_ + "/it's here"}};
  row.spec["split"] = {{"by", "sequence"}, {"ratios", {0.5, 0.25, 0.25}}, {"seed", 1}};
  put(row, 0.04);
  TableOptions options;
  options.lab = lab_;
  const std::string command =
      "lealab --lab " + lab_ +
      " run [^ ]*/presets/training_free.yaml --set name=industry_"
      "training_free --set data.history=20 --set data.name=industry --set 'data.path=\"" +
      lab_ + "/it'\\\\''s here\"' --set 'split.ratios=.0.5,0.25,0.25.' --set 'evaluate.k=.5,20.'\n";
  const std::string text = table("text", false, options);
  EXPECT_THAT(text, HasSubstr("Training-free: no run of this lab has this data, split and "
                              "protocol; the command below makes some.\n"));
  EXPECT_THAT(text, ContainsRegex("\n    " + command));
  EXPECT_THAT(table("markdown", false, options), ContainsRegex("\n\n    " + command));
  EXPECT_THAT(table("latex", false, options), ContainsRegex("\n%   " + command));
  const auto json = nlohmann::json::parse(table("json", false, options));
  ASSERT_EQ(json["commands"].size(), 1u);
  EXPECT_THAT(json["commands"][0].get<std::string>() + "\n", ContainsRegex("^" + command));
}

TEST_F(TrainingFree, TheCommandClosesTheTestPartOnlyWhileTheTableDoes) {
  const auto command = [&] { return json().at("commands").at(0).get<std::string>(); };
  const std::string closing = " --set evaluate.test=false";
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.spec["evaluate"]["test"] = false;
  put_closed(row, 0.04);
  EXPECT_THAT(command(), HasSubstr(closing));
  put(row, 0.04);  // it was opened, and its spec stays as it was
  EXPECT_THAT(command(), Not(HasSubstr("evaluate.test")));
  plan_closed({row});
  EXPECT_THAT(command(), HasSubstr(closing));
  row.spec["evaluate"].erase("test");  // another experiment had made it with its test part
  put(row, 0.04);
  EXPECT_THAT(command(), HasSubstr(closing));
}

TEST_F(TrainingFree, NoCommandIsPrintedThatWouldMakeOtherRows) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.spec["split"] = {{"by", "file"},
                       {"path", {{"path", "/nowhere/split.tsv"}, {"sha256", "ab"}}}};
  put(row, 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Training-free: no run of this lab has this data, split and protocol, and "
                        "the split's file /nowhere/split.tsv is not on this machine.\n"));
  std::filesystem::create_directories(lab_ + "/data/industry");
  publish_file(lab_ + "/data/industry/dataset.json", R"({"fingerprint": "other"})");
  TableOptions options;
  options.lab = lab_;
  EXPECT_THAT(table("text", false, options),
              HasSubstr("and the lab has another data set of that name now.\n"));
  EXPECT_EQ(nlohmann::json::parse(table("json", false, options))["commands"].size(), 0u);
}

TEST_F(TrainingFree, TheCommandMakesThemOnEverySplitOfARow) {
  Row row;
  for (const int64_t split : {3, 4}) {
    db::RunRow of_split = run("gru4rec", "snqn", 1);
    of_split.spec["split"]["seed"] = split;
    of_split.result["split_fingerprint"] = std::string(64, static_cast<char>('0' + split));
    row.finished.push_back({of_split, {}, {of_split.uuid, "", run::State::kFinished}, {}, {}});
  }
  Pivot pivot;
  pivot.rows = {row};
  training_free_notes({}, &pivot);
  ASSERT_EQ(pivot.commands.size(), 1u);
  EXPECT_THAT(pivot.commands[0], HasSubstr(" --set 'grid.split.seed=[3,4]'"));
  EXPECT_THAT(pivot.commands[0], Not(HasSubstr(" split.seed")));
}

TEST_F(TrainingFree, EachDataSetOfATableHasItsOwnFloor) {
  put_trained("snqn", 0.03);
  db::RunRow other = run("sasrec", "snqn", 1);
  other.result["split_fingerprint"] = std::string(64, '7');
  put(other, 0.03);
  db::RunRow floor = elsewhere("markov");
  floor.result["split_fingerprint"] = std::string(64, '7');
  put(floor, 0.04);
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("Training-free (industry, split 5eed0000): no run of this lab"));
  EXPECT_THAT(text, HasSubstr("Training-free (industry, split 77777777): 1 row, made for floors; "
                              "the best NDCG@20 is 0.0400 (markov).\n"));
  EXPECT_THAT(text, HasSubstr("Below the training-free floor: sasrec snqn (NDCG@20 0.0300).\n"));
  EXPECT_THAT(text, Not(ContainsRegex("gru4rec +snqn [^\n]*below")));
}

}  // namespace
}  // namespace lea::report
