// Tables of experiments with `split.seed` as an axis.
#include <gmock/gmock.h>

#include <fstream>

#include "core/report/statistics.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;

class Splits : public ReportTest {
 protected:
  // The rows of tests/golden/report/make.py, whose expected numbers NumPy and SciPy computed.
  static nlohmann::json golden() {
    std::ifstream file(LEA_SOURCE_DIR "/tests/golden/report/table.json");
    return nlohmann::json::parse(file).at("splits");
  }
  void put_golden() {
    for (const auto& row : golden()) {
      const std::string backbone = row["backbone"] == "-" ? "" : row["backbone"];
      for (const auto& [split, values] : row["values"].items()) {
        int64_t seed = backbone.empty() ? 0 : 1;
        for (const double value : values) {
          put(run_on(std::stoll(split), backbone, row["framework"], seed++), value);
        }
      }
    }
  }
  static std::map<Repetition, double> values_in(const nlohmann::json& row) {
    std::map<Repetition, double> values;
    for (const auto& [split, of_split] : row["values"].items()) {
      int64_t seed = row["backbone"] == "-" ? 0 : 1;
      for (const double value : of_split) values[{std::stoll(split), seed++}] = value;
    }
    return values;
  }
  nlohmann::json shown_row(const std::string& backbone, const std::string& framework) {
    const auto shown = nlohmann::json::parse(table("json"));
    for (const auto& row : shown["rows"]) {
      if (row["labels"]["backbone"] == backbone && row["labels"]["framework"] == framework)
        return row;
    }
    return nullptr;
  }
};

TEST_F(Splits, GiveOneRowWithTheMeanAndIntervalOfNumpy) {
  put_golden();
  for (const auto& expected : golden()) {
    SCOPED_TRACE(expected.dump());
    const auto row = shown_row(expected["backbone"], expected["framework"]);
    ASSERT_TRUE(row.is_object());
    EXPECT_FALSE(row["labels"].contains("split.seed"));
    const auto& value = row["test"]["ndcg@20"];
    EXPECT_EQ(value["n"], expected["n"]);
    EXPECT_NEAR(value["mean"].get<double>(), expected["mean"].get<double>(), 1e-15);
    EXPECT_NEAR(value["half_width"].get<double>(), expected["half_width"].get<double>(), 1e-12);
  }
  EXPECT_EQ(nlohmann::json::parse(table("json"))["rows"].size(), golden().size());
}

TEST_F(Splits, AreComparedInPairsOfSplitAndSeedAsNumpyDoes) {
  std::map<Repetition, double> best;
  for (const auto& row : golden()) {
    if (!row.contains("in_pairs")) best = values_in(row);
  }
  size_t compared = 0;
  for (const auto& row : golden()) {
    if (!row.contains("in_pairs")) continue;
    const Summary difference = summarize(paired_differences(values_in(row), best));
    EXPECT_EQ(difference.n, row["in_pairs"]["n"]);
    EXPECT_NEAR(difference.mean, row["in_pairs"]["mean"].get<double>(), 1e-15);
    EXPECT_NEAR(*difference.half_width, row["in_pairs"]["half_width"].get<double>(), 1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 3u);
}

TEST_F(Splits, LeaveARunWithoutAPartnerOutOfThePairs) {
  const std::map<Repetition, double> a = {{{2, 1}, 0.5}, {{2, 2}, 0.7}, {{3, 1}, 0.9}};
  const std::map<Repetition, double> b = {{{2, 1}, 0.25}, {{3, 2}, 0.1}, {{4, 1}, 0.2}};
  EXPECT_EQ(paired_differences(a, b), (std::map<Repetition, double>{{{2, 1}, 0.25}}));
}

TEST_F(Splits, AreInTheFooterWithTheDifferencesInPairs) {
  put_golden();
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("split by sequence 0.8/0.1/0.1 seeds 2, 3, 6, fingerprints 20000000, "
                              "30000000, 60000000.\n"));
  EXPECT_THAT(text, HasSubstr("Mean of the splits' means over n runs ± half width of its 95 % "
                              "Student t interval over the splits, – for a single split; "));
  EXPECT_THAT(text, HasSubstr("seeds 1, 2 (untrained baselines: one run a split)"));
  EXPECT_THAT(
      text, HasSubstr("In pairs: NDCG@20 of sasrec snqn minus sasrec sa2c: -0.0020; 95 % interval "
                      "over 3 splits ± 0.0023; 6 pairs.\n"));
  EXPECT_THAT(text, HasSubstr("In pairs: NDCG@20 of popularity minus sasrec sa2c: -0.0592; 95 % "
                              "interval over 3 splits ± 0.0110; 6 pairs.\n"));
}

TEST_F(Splits, ARowThatLacksASplitIsComparedWithTheOthersOnlyInPairs) {
  put_golden();
  EXPECT_EQ(shown_row("sasrec", "sa2c")["test"]["ndcg@20"]["mark"], "best");
  EXPECT_EQ(shown_row("sasrec", "snqn")["test"]["ndcg@20"]["mark"], "second");
  EXPECT_EQ(shown_row("gru4rec", "sa2c")["test"]["ndcg@20"]["mark"], "")
      << "its mean is greater because it lacks the hardest split";
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("marks compare only rows that share them"));
  EXPECT_THAT(text, HasSubstr("Missing: gru4rec sa2c, split 3 seed 2; split 6 seed 1, 2\n"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "In pairs: NDCG@20 of gru4rec sa2c minus sasrec sa2c: 0.000[67]; 95 % "
                        "interval over 2 splits ± 0.0159; 3 pairs; left out without a partner: "
                        "split 3 seed 2; split 6 seed 1, 2\\.\n"));
}

TEST_F(Splits, HaveNoIntervalFromTheSeedsOfOneSplit) {
  put(run_on(2, "sasrec", "snqn", 1), 0.04);
  put(run_on(2, "sasrec", "snqn", 2), 0.05);
  put(run_on(3, "gru4rec", "snqn", 1), 0.06);
  const auto row = shown_row("sasrec", "snqn");
  EXPECT_EQ(row["test"]["ndcg@20"]["n"], 2);
  EXPECT_TRUE(row["test"]["ndcg@20"]["half_width"].is_null());
}

TEST_F(Splits, AreRowsOfTheirOwnWhenAsked) {
  put_golden();
  TableOptions options;
  options.rows_by_split = true;
  const std::string text = table("csv", false, options);
  EXPECT_THAT(text, HasSubstr("experiment,backbone,framework,split.seed,n,"));
  EXPECT_THAT(text, HasSubstr("study,sasrec,snqn,2,2,0,0,"));
  EXPECT_THAT(text, HasSubstr("study,sasrec,snqn,6,2,0,0,"));
}

TEST_F(Splits, ThatAreNoAxisStayRowsOfTheirOwn) {
  db::RunRow first = run("sasrec", "snqn", 1), second = run("sasrec", "snqn", 1);
  second.spec["split"]["seed"] = 2;
  put(first, 0.04);
  put(second, 0.05);
  EXPECT_THAT(table("csv"), HasSubstr("experiment,backbone,framework,split.seed,n,"));
}

TEST_F(Splits, KnowWhatOfThePlanIsMissing) {
  const db::RunRow done = run_on(2, "sasrec", "snqn", 1);
  put(done, 0.04);
  db::ExperimentRow plan{"study", "2026-01-31T00:00:00Z", done.axes, nlohmann::json::object(), {}};
  plan.runs.push_back({done.run_hash, 1, done.labels});
  auto labels = done.labels;
  labels["split.seed"] = "3";
  plan.runs.push_back({std::string(64, 'e'), 1, labels});
  plan.runs.push_back({std::string(64, 'f'), 2, labels});
  db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan);
  const std::string text = table("text");
  EXPECT_THAT(text, HasSubstr("Missing: sasrec snqn, split 3 seed 1, 2\n"));
  const auto row = shown_row("sasrec", "snqn");
  EXPECT_EQ(row["missing_seeds"], (nlohmann::json{1, 2}));
  EXPECT_EQ(row["missing_split_seeds"], (nlohmann::json{3, 3}));
}

TEST_F(Splits, TakeNoMeanOverTwoSplitsOfOneSeed) {
  put(run_on(2, "sasrec", "snqn", 1), 0.04);
  put(run_on(3, "sasrec", "snqn", 1), 0.05);
  db::RunRow other = run_on(3, "sasrec", "snqn", 2);
  other.result["split_fingerprint"] = std::string(64, 'f');
  other.created = "2026-01-01T00:00:00Z";
  put(other, 0.09);
  const auto row = shown_row("sasrec", "snqn");
  EXPECT_EQ(row["test"]["ndcg@20"]["n"], 2);
  EXPECT_THAT(table("text"), HasSubstr("1 finished run left out whose data set was replaced"));
}

}  // namespace
}  // namespace lea::report
