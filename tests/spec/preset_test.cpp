// The specs that ship, against the plugins that ship. Those with a language model stand in
// language_variants_test.cpp.
#include <gmock/gmock.h>

#include <sstream>

#include "core/base/files.h"
#include "tests/spec/cuts.h"
#include "tests/spec/shipped.h"

namespace lea::spec {
namespace {

class Preset : public SpecTest {
 protected:
  RunSpec run_of(const std::string& preset, const std::string& backbone,
                 const std::string& framework) {
    write("spec.yaml", "extends: " + shipped_path("presets/" + preset) +
                           "\ndata: {name: small}\nbackbone: " + backbone +
                           "\nframework: " + framework + "\nseeds: [1]\n");
    return load_experiment(path("spec.yaml"), {}, shipped()).runs.at(0).run;
  }
};

TEST_F(Preset, AnchorHasTheSettingsOfItsTable) {
  for (const char* backbone : {"gru4rec", "sasrec"}) {
    const RunSpec run = run_of("anchor.yaml", backbone, "snqn");
    EXPECT_EQ(run.data.history, 10);
    EXPECT_EQ(run.train.learning_rate, 0.005);
    EXPECT_EQ(run.train.batch_size, 100);
    EXPECT_EQ(run.train.sampling, "replay");
    EXPECT_EQ(run.train.validate_every, 500) << "updates: every 1,000 steps of twins";
    EXPECT_EQ(run.train.patience, 3);
    EXPECT_EQ(run.train.max_steps, 15000);
    EXPECT_EQ(run.train.stop_on, "ndcg@20");
    EXPECT_EQ(run.backbone.params["dropout"], 0.5);
    EXPECT_EQ(run.negatives.count, 1);
    EXPECT_EQ(run.negatives.from, "uniform");
    EXPECT_EQ(run.framework.params["gamma"], 0.5);
    EXPECT_EQ(run.framework.params["td_factor"], 0.5);
    EXPECT_EQ(run.reward.id, "lea.predefined");
    EXPECT_EQ(run.evaluate.ties, "pessimistic");
    EXPECT_TRUE(run.evaluate.first_event);
    EXPECT_FALSE(run.evaluate.remove_seen);
  }
  EXPECT_EQ(run_of("anchor.yaml", "gru4rec", "supervised").train.patience, 4);
  const RunSpec sa2c = run_of("anchor.yaml", "sasrec", "sa2c");
  EXPECT_EQ(sa2c.framework.params["warm_up_steps"], 6000);
  EXPECT_EQ(sa2c.framework.params["second_learning_rate"], 0.001);
  EXPECT_EQ(sa2c.framework.params["clip_max"], 10.0);
}

TEST_F(Preset, ReferenceHasThePublishedCodesConstants) {
  const RunSpec run = run_of("reference.yaml", "sasrec", "sa2c");
  EXPECT_EQ(run.train.batch_size, 256);
  EXPECT_EQ(run.train.learning_rate, 0.005);
  EXPECT_EQ(run.negatives.count, 10);
  EXPECT_EQ(run.framework.params["warm_up_steps"], 15000);
  EXPECT_EQ(run.framework.params["target_dropout"], true);
  EXPECT_EQ(run.evaluate.k, (std::vector<int64_t>{5, 10, 15, 20}));
  EXPECT_EQ(run_of("reference.yaml", "gru4rec", "sqn").train.learning_rate, 0.01);
}

TEST_F(Preset, PaperStatesOnlyWhereItDiffersFromTheReference) {
  const RunSpec run = run_of("paper.yaml", "gru4rec", "snqn");
  EXPECT_EQ(run.train.batch_size, 100);
  EXPECT_EQ(run.train.learning_rate, 0.001);
  EXPECT_EQ(run.negatives.count, 1);
  EXPECT_EQ(run.framework.params["td_factor"], 1.0);
  EXPECT_EQ(run.framework.params["gamma"], 0.5) << "from the reference";
  EXPECT_EQ(run.reward.params["behaviours"], "");
  EXPECT_EQ(run_of("paper.yaml", "gru4rec", "sqn").train.learning_rate, 0.001)
      << "the reference's rule for sqn gives way to what the paper states";
}

TEST_F(Preset, IsFoundByItsNameWhereverTheSpecLies) {
  const auto hash = [&](const std::string& extends) {
    const std::string file =
        write("far/away/spec.yaml", "extends: " + extends +
                                        "\ndata: {name: small}\nbackbone: gru4rec\nframework: "
                                        "snqn\nseeds: [1]\n");
    return load_experiment(file, {}, shipped()).runs.at(0).hash;
  };
  for (const std::string name : {"anchor", "paper", "reference"}) {
    EXPECT_EQ(hash(name), hash(shipped_path("presets/" + name + ".yaml"))) << name;
  }
  EXPECT_EQ(hash("Paper"), hash("paper"));
  EXPECT_EQ(hash("[paper, reference]"), hash("paper"))
      << "a file that is reached twice counts once";
}

// The updates of the evaluated network that a run may make: a coin of the twin frameworks picks one
// of two networks in each step.
double updates_of(const RunSpec& run) {
  const bool twin = run.framework.id != "lea.supervised";
  return static_cast<double>(run.train.max_steps) / (twin ? 2 : 1);
}

TEST_F(Preset, AllowEachFrameworkAsManyUpdates) {
  for (const char* preset : {"reference.yaml", "paper.yaml", "anchor_matched.yaml"}) {
    const double wanted = updates_of(run_of(preset, "gru4rec", "supervised"));
    for (const char* framework : {"sqn", "snqn", "sac", "sa2c"})
      EXPECT_EQ(updates_of(run_of(preset, "gru4rec", framework)), wanted) << preset << framework;
  }
  EXPECT_EQ(run_of("anchor.yaml", "gru4rec", "supervised").train.max_steps, 15000)
      << "the packed studies extend it";
}

TEST_F(Preset, TheReadmesFirstSpecAllowsEachTrainedRowAsManyUpdates) {
  const std::string readme = read_file(std::string(LEA_SOURCE_DIR) + "/README.md");
  const std::string begin = "<<'YAML'\n";
  const size_t from = readme.find(begin) + begin.size();
  std::string spec, line;
  std::istringstream lines(readme.substr(from, readme.find("    YAML\n", from) - from));
  while (std::getline(lines, line)) spec += line.substr(4) + "\n";
  const Experiment experiment = load_experiment(write("mine.yaml", spec), {}, shipped());
  EXPECT_EQ(experiment.runs.size(), 19u);
  size_t trained = 0;
  for (const PlannedRun& planned : experiment.runs) {
    if (!planned.run.reads_train) continue;
    ++trained;
    EXPECT_EQ(updates_of(planned.run), 2500) << planned.run.framework.id;
  }
  EXPECT_EQ(trained, 18u);
}

TEST_F(Preset, OfTrainingFreeFrameworksNeedsOnlyADataSet) {
  const Experiment experiment =
      load_experiment(shipped_path("presets/training_free.yaml"), {"data.name=toy"}, shipped());
  ASSERT_EQ(experiment.runs.size(), 5u);
  for (const PlannedRun& planned : experiment.runs) EXPECT_FALSE(planned.run.reads_train);
}

// The copies lie as in a checkout, with a split file beside it. Reading a spec needs no data set. The
// studies with a language model stand in language_variants_test.cpp.
TEST_F(Preset, NoStudyIsEverCutUnseen) {
  std::filesystem::create_directories(path("main/experiments"));
  std::filesystem::copy(shipped_path("presets"), path("main/experiments/presets"),
                        std::filesystem::copy_options::recursive);
  write("shared/data/industry/split.tsv", "user_id\tpart\n");
  const std::vector<std::string> studies = shipped_studies(/*with_language_model=*/false);
  EXPECT_THAT(studies, ::testing::IsSupersetOf({"demo", "industry_baselines", "variants/rewards"}));
  for (const std::string& study : studies) {
    SCOPED_TRACE(study);
    const std::string file = study + ".yaml";
    expect_every_cut_is_seen(read_file(shipped_path(file)), 0, [&](const std::string& text) {
      return load_experiment(write("main/experiments/" + file, text), {}, shipped());
    });
  }
}

TEST_F(Preset, TheDemoHasSixteenRuns) {
  EXPECT_EQ(load_experiment(shipped_path("demo.yaml"), {}, shipped()).runs.size(), 16u);
}

TEST_F(Preset, TheIndustryBaselinesHaveTwentyTwoRuns) {
  const std::string split = std::string(LEA_SOURCE_DIR) + "/../shared/data/industry/split.tsv";
  if (!std::filesystem::exists(split)) GTEST_SKIP() << "needs ../shared/data/industry";
  EXPECT_EQ(load_experiment(shipped_path("industry_baselines.yaml"), {}, shipped()).runs.size(),
            22u);
}

// What is on in the rows of a file of experiments/variants: "SA2C + sv / random: sa2c, reward
// predefined, state -, augment random 0.1 0".
class Variants : public Preset {
 protected:
  std::vector<std::string> rows(const std::string& name) {
    write("shared/data/industry/split.tsv", "user_id\tpart\n");
    const std::string file =
        write("main/experiments/variants/" + name, read_file(shipped_path("variants/" + name)));
    const Experiment experiment = load_experiment(file, {}, shipped());
    std::vector<std::string> rows;
    for (const PlannedRun& planned : experiment.runs) {
      const RunSpec& run = planned.run;
      if (run.seed != 1) continue;
      std::string row;
      for (const std::string& axis : experiment.axes) {
        row += (row.empty() ? "" : " / ") + planned.labels.at(axis);
      }
      row += ": " + last(run.backbone) + " " + last(run.framework) + ", reward " +
             last(run.reward) + ", state " + last(run.state) + ", augment " + last(run.augment);
      if (!run.augment.none()) {
        row += " " + nlohmann::json(run.augment_use.supervised_weight).dump() + " " +
               nlohmann::json(run.augment_use.q_weight).dump();
      }
      rows.push_back(row);
      EXPECT_EQ(run.train.learning_rate, 0.002) << "stated for Industry";
      EXPECT_EQ(run.train.validate_every, 500) << "stated for Industry";
      EXPECT_EQ(run.train.batch_size, 100) << "from the preset";
    }
    return rows;
  }
};

using ::testing::ElementsAre;

TEST_F(Variants, OfTheBaselinesAreTheRowsWithoutALanguageModel) {
  EXPECT_THAT(rows("baselines.yaml"),
              ElementsAre("sasrec / Normal: sasrec supervised, reward -, state -, augment -",
                          "sasrec / SNQN: sasrec snqn, reward predefined, state -, augment -",
                          "sasrec / SA2C: sasrec sa2c, reward predefined, state -, augment -",
                          "gru4rec / Normal: gru4rec supervised, reward -, state -, augment -",
                          "gru4rec / SNQN: gru4rec snqn, reward predefined, state -, augment -",
                          "gru4rec / SA2C: gru4rec sa2c, reward predefined, state -, augment -"));
}

TEST_F(Variants, OfTheAugmentationAreTableThreeWithControls) {
  std::vector<std::string> expected;
  for (const std::string& variant :
       {std::string("Normal + sv / %: sasrec supervised, reward -, state -, augment % 0.1 0.0"),
        std::string("SA2C + sv / %: sasrec sa2c, reward predefined, state -, augment % 0.1 0.0"),
        std::string("SA2C + q / %: sasrec sa2c, reward predefined, state -, augment % 0.0 0.01"),
        std::string("SA2C + sv + q / %: sasrec sa2c, reward predefined, state -, augment % 0.1 "
                    "0.01")}) {
    for (const std::string augmenter : {"random", "top1", "oracle"}) {
      std::string row = variant;
      for (size_t at; (at = row.find('%')) != std::string::npos;) row.replace(at, 1, augmenter);
      expected.push_back(row);
    }
  }
  EXPECT_EQ(rows("augmentation.yaml"), expected);
}

TEST_F(Variants, OfTheRewardsAreTheRowsOfTheRewardModelWithControls) {
  std::vector<std::string> expected;
  for (const std::string start :
       {"SA2C + reward", "SA2C + reward + sv + q", "SNQN + reward + sv + q"}) {
    const std::string framework = start.starts_with("SA2C") ? "sa2c" : "snqn";
    const bool augmented = start.ends_with("q");
    for (const std::string reward : {"random", "oracle", "shuffled"}) {
      expected.push_back(start + " / " + reward + ": sasrec " + framework + ", reward " + reward +
                         ", state -, augment " + (augmented ? "random 0.1 0.01" : "-"));
    }
  }
  EXPECT_EQ(rows("rewards.yaml"), expected);
}

TEST_F(Preset, TheFloorAndEachBackboneBesideItHaveSixtyTries) {
  std::filesystem::create_directories(path("main/experiments"));
  std::filesystem::copy(shipped_path("presets"), path("main/experiments/presets"),
                        std::filesystem::copy_options::recursive);
  write("shared/data/industry/split.tsv", "user_id\tpart\n");
  const auto tries = [&](const std::string& study) {
    std::map<std::string, size_t> tries;
    const std::string file = write("main/experiments/" + study, read_file(shipped_path(study)));
    for (const auto& cell : load_experiment(file, {}, shipped()).runs)
      ++tries[cell.run.framework.id + " " + cell.run.backbone.id];
    return tries;
  };
  EXPECT_EQ(tries("floor_industry.yaml"), (std::map<std::string, size_t>{{"lea.graph_text ", 60}}));
  EXPECT_EQ(tries("floor_industry_backbones.yaml"),
            (std::map<std::string, size_t>{{"lea.supervised lea.gru4rec", 60},
                                           {"lea.supervised lea.sasrec", 60}}));
}

}  // namespace
}  // namespace lea::spec
