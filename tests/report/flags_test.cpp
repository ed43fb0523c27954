// The lines of the footer about what makes a row mean less than its name says.
#include <gmock/gmock.h>

#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class Flags : public ReportTest {
 protected:
  db::RunRow sa2c(int64_t seed, int64_t best_step) {
    db::RunRow row = run("gru4rec", "sa2c", seed);
    row.spec["framework"]["params"] = {{"warm_up_steps", 2000}};
    train(&row, 10000, 6000, 3000, best_step);
    return row;
  }
  db::RunRow trained(const std::string& framework, int64_t steps, int64_t updates,
                     int64_t seed = 1) {
    db::RunRow row = run("gru4rec", framework, seed);
    train(&row, 5000, steps, updates, /*best_step=*/steps / 2);
    return row;
  }
  db::RunRow with_negatives(const std::string& framework, const nlohmann::json& negatives) {
    db::RunRow row = run("gru4rec", framework, 1);
    row.spec["negatives"] = negatives;
    return row;
  }
  db::RunRow with_artefact(const std::string& framework, int64_t seed, const std::string& key,
                           char sum) {
    db::RunRow row = run("gru4rec", framework, seed);
    row.result["artefacts"] = nlohmann::json::array(
        {{{"key", key}, {"name", "rewards of lea.le"}, {"sha256", std::string(64, sum)}}});
    return row;
  }
};

TEST_F(Flags, ABestStepInTheWarmUpIsNotOfThatFramework) {
  put(sa2c(1, 2000), 0.04);  // the 2,000 steps of the warm-up, and no other
  put(sa2c(2, 500), 0.04);
  put(sa2c(3, 2001), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Before its own phase: gru4rec sa2c, seed 1, 2: framework.warm_up_steps is "
                        "2000, and the best step is 500 to 2000. So the reported network never saw "
                        "what begins there.\n"));
}

TEST_F(Flags, ABestStepAfterTheWarmUpIs) {
  put(sa2c(1, 2001), 0.04);
  db::RunRow none = sa2c(2, 0);
  none.spec["framework"]["params"]["warm_up_steps"] = 0;  // its phase begins with the first step
  put(none, 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("own phase")));
}

TEST_F(Flags, ABestStepBeforeTheProposalsSawNone) {
  db::RunRow row = run("gru4rec", "snqn", 1);
  row.spec["augment"] = {{"id", "lea.top1"}, {"params", nlohmann::json::object()}};
  row.spec["augment_use"] = {{"from_step", 1000}};
  train(&row, 10000, 6000, 3000, 800);
  put(row, 0.04);
  EXPECT_THAT(table("text"), HasSubstr("augment.from_step is 1000, and the best step is 800."));
}

TEST_F(Flags, ABestStepBeforeTheDropOfTheLearningRateSawNoDrop) {
  db::RunRow row = run("gru4rec", "supervised", 1);
  row.spec["train"]["drop_learning_rate_at"] = 3000;
  train(&row, 10000, 6000, 6000, 3000);
  put(row, 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("train.drop_learning_rate_at is 3000, and the best step is 3000."));
}

TEST_F(Flags, NamesTheRunsThatEndedAtMaxSteps) {
  put(trained("snqn", 5000, 2500, 1), 0.04);
  put(trained("snqn", 3000, 1500, 2), 0.04);
  put(trained("snqn", 5000, 2500, 3), 0.04);
  EXPECT_THAT(table("text"), HasSubstr("Ended at max_steps: gru4rec snqn (seed 1, 3). Such a run "
                                       "may not have converged when it was ended.\n"));
}

TEST_F(Flags, SaysSoShortlyWhenAllRunsEndedAtMaxSteps) {
  put(trained("snqn", 5000, 2500), 0.04);
  put(trained("sa2c", 5000, 2500), 0.04);
  db::RunRow floor = run("", "popularity", 0);
  floor.result.update({{"steps", 0}, {"updates", 0}, {"best_step", 0}});
  put(floor, 0.01);
  EXPECT_THAT(table("text"), HasSubstr("Ended at max_steps: all 2 trained runs. Such a run"));
}

TEST_F(Flags, RunsThatStoppedEarlyAreNotNamed) {
  put(trained("snqn", 4999, 2500), 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Ended at max_steps")));
}

TEST_F(Flags, RowsWithOtherNumbersOfUpdatesAreNotMatched) {
  put(trained("supervised", 5000, 5000, 1), 0.04);
  put(trained("snqn", 5000, 2480, 1), 0.04);
  put(trained("snqn", 5000, 2520, 2), 0.04);
  EXPECT_THAT(
      table("text"),
      HasSubstr("Updates of the evaluated network differ between rows: from 2500 (gru4rec snqn) to "
                "5000 (gru4rec supervised) on average; max_steps allows from 2500 to 5000, so the "
                "rows are not matched in updates.\n"));
  const auto json = nlohmann::json::parse(table("json"));
  for (const auto& row : json["rows"])
    EXPECT_EQ(row["updates"], row["labels"]["framework"] == "snqn" ? 2500 : 5000);
}

TEST_F(Flags, TheEarlyStopMayMakeTheDifference) {
  put(trained("supervised", 5000, 5000), 0.04);
  put(trained("snqn", 2000, 2000), 0.04);
  EXPECT_THAT(table("text"), HasSubstr("from 2000 (gru4rec snqn) to 5000 (gru4rec supervised) on "
                                       "average; the limits are equal, so the early stop made the "
                                       "difference.\n"));
}

TEST_F(Flags, ACoinMakesNoDifferenceOfUpdates) {
  put(trained("sa2c", 5000, 2440), 0.04);
  put(trained("snqn", 5000, 2560), 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Updates of the evaluated network differ")));
}

TEST_F(Flags, OtherNegativesAreAChangeOfTheirOwn) {
  put(with_negatives("snqn", {{"from", "uniform"}, {"count", 1}, {"pool", 100}, {"seed", 1}}),
      0.04);
  put(with_negatives("sa2c", {{"from", "pool"}, {"count", 1}, {"pool", 5}, {"seed", 1}}), 0.04);
  put(with_negatives("sqn", {{"from", "pool"}, {"count", 1}, {"pool", 2}, {"seed", 1}}), 0.04);
  put(run("gru4rec", "supervised", 1), 0.04);
  put(run("", "popularity", 0), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Negatives differ between rows: from=pool pool=5 seed=1: gru4rec sa2c; "
                        "from=uniform: gru4rec snqn; from=pool pool=2 seed=1: gru4rec sqn. Other "
                        "negatives are a change of their own.\n"));
}

TEST_F(Flags, NegativesAreToldApartByEverySettingThatIsRead) {
  const nlohmann::json pool = {{"from", "pool"}, {"count", 1}, {"pool", 5}, {"seed", 1}};
  put(with_negatives("snqn", pool), 0.04);
  for (const auto& [key, value] : std::map<std::string, nlohmann::json>{
           {"seed", 2}, {"count", 3}, {"pool", 7}, {"exclude", "history"}}) {
    nlohmann::json other = pool;
    other[key] = value;
    db::RunRow row = with_negatives("sa2c", other);
    put(row, 0.04);
    const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    EXPECT_THAT(table("text"), HasSubstr("from=pool " + key + "=" + shown + ": gru4rec sa2c"));
    db::Store(lab_, db::Store::Mode::kWrite).drop({row.uuid}, {});
  }
}

TEST_F(Flags, SettingsOfAPoolThatNothingReadsAreNoDifference) {
  put(with_negatives("snqn", {{"from", "uniform"}, {"count", 1}, {"pool", 100}, {"seed", 1}}),
      0.04);
  put(with_negatives("sa2c", {{"from", "uniform"}, {"count", 1}, {"pool", 5}, {"seed", 2}}), 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Negatives differ")));
}

TEST_F(Flags, RowsOfOtherDataAreNotCompared) {
  db::RunRow other =
      with_negatives("sa2c", {{"from", "pool"}, {"count", 1}, {"pool", 5}, {"seed", 1}});
  other.result["split_fingerprint"] = std::string(64, '7');
  train(&other, 5000, 5000, 5000, 100);
  put(other, 0.04);
  db::RunRow row = with_negatives("snqn", {{"from", "uniform"}, {"count", 1}});
  train(&row, 5000, 5000, 2500, 100);
  put(row, 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Negatives differ")));
  EXPECT_THAT(table("text"), Not(HasSubstr("Updates of the evaluated network differ")));
}

TEST_F(Flags, ARowThatMixesChecksumsOfAnArtefactIsNamed) {
  const std::string key(64, 'f');
  put(with_artefact("snqn", 1, key, 'a'), 0.04);
  put(with_artefact("snqn", 2, key, 'b'), 0.04);
  put(with_artefact("sa2c", 1, key, 'b'), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Mixed artefacts: rewards of lea.le, key ffffffff, was remade and has "
                        "several checksums: aaaaaaaa in gru4rec snqn (seed 1); bbbbbbbb in gru4rec "
                        "sa2c (seed 1), gru4rec snqn (seed 2).\n"));
}

TEST_F(Flags, ArtefactsOfSeveralKeysMayDiffer) {
  put(with_artefact("snqn", 1, std::string(64, 'e'), 'a'), 0.04);
  put(with_artefact("snqn", 2, std::string(64, 'f'), 'b'), 0.04);
  put(run("gru4rec", "sa2c", 1), 0.04);  // made without artefacts
  EXPECT_THAT(table("text"), Not(HasSubstr("Mixed artefacts")));
}

db::RunRow with_quality(db::RunRow row, const std::string& name, const nlohmann::json& quality) {
  row.result["artefacts"].push_back({{"key", std::string(64, 'e')},
                                     {"name", name},
                                     {"sha256", std::string(64, 'a')},
                                     {"quality", quality}});
  return row;
}

TEST_F(Flags, ARowSaysHowGoodItsArtefactsAre) {
  const nlohmann::json adapter = {{"reward_accuracy", 0.6713}, {"loss", 1.23456}, {"steps", 12345}};
  for (const char* framework : {"snqn", "sa2c"}) {
    const db::RunRow row = with_quality(run("gru4rec", framework, 1), "adapter of lea.le", adapter);
    put(with_quality(row, "rewards of lea.le", {{"spread", -0.05}}), 0.04);
  }
  put(run("gru4rec", "supervised", 1), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Artefacts of gru4rec sa2c, gru4rec snqn: adapter of lea.le: loss 1.23, "
                        "reward_accuracy .671, steps 12,345; rewards of lea.le: spread -.05.\n"));
}

TEST_F(Flags, ARowWithSeveralArtefactsOfANameShowsTheirSpan) {
  const auto accurate = [&](int64_t seed, double accuracy) {
    return with_quality(run("gru4rec", "snqn", seed), "adapter of lea.le",
                        {{"accuracy", accuracy}});
  };
  put(accurate(1, 0.7), 0.04);
  put(accurate(2, 0.6), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Artefacts of gru4rec snqn: adapter of lea.le: accuracy .6 to .7.\n"));
}

TEST_F(Flags, AFigureStandsBesideTheBestBaselineAndSaysWhenItIsNoMore) {
  const nlohmann::json quality = {{"events", 2000},
                                  {"events.inside", 1500},
                                  {"reward_accuracy", 0.7113},
                                  {"reward_accuracy.beside.cooccurrence", 0.6},
                                  {"reward_accuracy.beside.text", 0.657},
                                  {"reward_accuracy.error", 0.01},
                                  {"reward_accuracy.gain_low", 0.02},
                                  {"reward_accuracy.inside", 0.8},
                                  {"state_hit_20", 0.1},
                                  {"state_hit_20.beside.cooccurrence", 0.167},
                                  {"state_hit_20.error", 0.02},
                                  {"state_hit_20.gain_low", -0.08}};
  put(with_quality(run("gru4rec", "snqn", 1), "quality of lea.le", quality), 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Artefacts of gru4rec snqn: quality of lea.le: events 2,000, "
                        "reward_accuracy .711 (text .657), "
                        "state_hit_20 .1 (no more than cooccurrence .167).\n"));
}

// Popularity is the best rule of the second alone. Its figure there is above that of the first.
TEST_F(Flags, EachOfSeveralArtefactsIsComparedWithItsOwnBestBaseline) {
  const std::vector<nlohmann::json> qualities = {{{"accuracy", 0.7},
                                                  {"accuracy.beside.popularity", 0.5},
                                                  {"accuracy.beside.text", 0.65},
                                                  {"accuracy.error", 0.01},
                                                  {"accuracy.gain_low", 0.01}},
                                                 {{"accuracy", 0.8},
                                                  {"accuracy.beside.popularity", 0.75},
                                                  {"accuracy.beside.text", 0.6},
                                                  {"accuracy.error", 0.01},
                                                  {"accuracy.gain_low", 0.02}}};
  for (const int64_t seed : {1, 2}) {
    const nlohmann::json& quality = qualities[static_cast<size_t>(seed - 1)];
    put(with_quality(run("gru4rec", "snqn", seed), "quality of lea.le", quality), 0.04);
  }
  EXPECT_THAT(table("text"), HasSubstr("quality of lea.le: accuracy .7 to .8 (best rule of each: "
                                       "popularity or text .65 to .75).\n"));
}

TEST_F(Flags, SeveralArtefactsOfWhichSomeAreNoMoreThanABaselineSaySo) {
  for (const int64_t seed : {1, 2}) {
    const nlohmann::json quality = {{"accuracy", 0.6 + 0.1 * double(seed)},
                                    {"accuracy.beside.text", 0.7},
                                    {"accuracy.error", 0.01},
                                    {"accuracy.gain_low", 0.1 * double(seed) - 0.15}};
    put(with_quality(run("gru4rec", "snqn", seed), "quality of lea.le", quality), 0.04);
  }
  EXPECT_THAT(table("text"), HasSubstr("accuracy .7 to .8 (best rule of each: text .7; no more "
                                       "than it in 1 of 2).\n"));
}

TEST_F(Flags, RunsThatShareAnArtefactCountItOnce) {
  const nlohmann::json quality = {{"accuracy", 0.7},
                                  {"accuracy.beside.text", 0.7},
                                  {"accuracy.error", 0.01},
                                  {"accuracy.gain_low", -0.05}};
  for (const int64_t seed : {1, 2})
    put(with_quality(run("gru4rec", "snqn", seed), "quality of lea.le", quality), 0.04);
  EXPECT_THAT(table("text"), HasSubstr("accuracy .7 (no more than text .7).\n"));
}

TEST_F(Flags, ResultsOfOlderProgramsHaveNoLineAboutTheirArtefacts) {
  put(with_artefact("snqn", 1, std::string(64, 'e'), 'a'), 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Artefacts of")));
}

}  // namespace
}  // namespace lea::report
