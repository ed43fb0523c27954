// Axes of bundles, and axes whose values go together.
#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Variant : public SpecTest {
 protected:
  // "sasrec/LER/1": the labels in the order of the axes, and the seed.
  std::vector<std::string> names(const std::string& text,
                                 const std::vector<std::string>& set = {}) {
    const Experiment experiment = load(text, set);
    std::vector<std::string> names;
    for (const PlannedRun& planned : experiment.runs) {
      std::string name;
      for (const std::string& axis : experiment.axes) name += planned.labels.at(axis) + "/";
      names.push_back(name + std::to_string(planned.run.seed));
    }
    return names;
  }
};

// The first six lines of a spec, to which a test adds bundles.
const char kVariants[] =
    "data: {name: small}\n"
    "backbone: gru4rec\n"
    "framework: supervised\n"
    "seeds: [1]\n"
    "grid:\n"
    "  variant:\n";

TEST_F(Variant, ABundleSetsSlotsAndDottedKeysUnderItsName) {
  const Experiment experiment =
      load(std::string(kVariants) +
           "    - base: {}\n"
           "    - LER: {framework: {snqn: {gamma: 0.3}}, reward: le, train.batch_size: 7}\n"
           "    - LEASR: {framework.gamma: 0.2, framework: snqn, environments.e.portion: 0.4, "
           "reward: e,\n"
           "              state: {of: e, combine: replace}, augment: {of: random, q_weight: 0.5},\n"
           "              augment.supervised_weight: 0.25}\n"
           "environments: {e: le}\n");
  EXPECT_THAT(experiment.axes, ElementsAre("variant"));
  ASSERT_EQ(experiment.runs.size(), 3u);
  const RunSpec &base = experiment.runs[0].run, &ler = experiment.runs[1].run,
                &leasr = experiment.runs[2].run;
  EXPECT_EQ(experiment.runs[0].labels.at("variant"), "base");
  EXPECT_EQ(base.framework.id, "lea.supervised");
  EXPECT_EQ(experiment.runs[1].labels.at("variant"), "LER");
  EXPECT_EQ(ler.framework.id, "lea.snqn");
  EXPECT_EQ(ler.framework.params["gamma"], 0.3);
  EXPECT_EQ(ler.reward.id, "lea.le");
  EXPECT_EQ(ler.train.batch_size, 7);
  EXPECT_EQ(base.train.batch_size, 256) << "a bundle says nothing about the next one";
  EXPECT_EQ(leasr.framework.params["gamma"], 0.2)
      << "a slot is filled before its parameters, whatever the order in the bundle";
  EXPECT_EQ(leasr.reward.params["portion"], 0.4);
  EXPECT_EQ(leasr.state.id, "lea.le");
  EXPECT_EQ(leasr.state_use.combine, "replace");
  EXPECT_EQ(leasr.augment.id, "lea.random");
  EXPECT_EQ(leasr.augment_use.q_weight, 0.5);
  EXPECT_EQ(leasr.augment_use.supervised_weight, 0.25);
}

TEST_F(Variant, HasTheHashOfTheSameSettingsWithoutABundle) {
  const Experiment bundled = load(std::string(kVariants) + "    - SNQN: {framework: snqn}\n");
  EXPECT_EQ(bundled.runs[0].hash, load(kBase).runs[0].hash);
}

TEST_F(Variant, IsAnAxisLikeOthers) {
  const std::string spec =
      "data: {name: small}\n"
      "seeds: [1]\n"
      "grid:\n"
      "  backbone: [gru4rec, sasrec]\n"
      "  variant: [{Normal: {framework: supervised}}, {LER: {framework: snqn, reward: le}}]\n";
  EXPECT_THAT(names(spec),
              ElementsAre("gru4rec/Normal/1", "gru4rec/LER/1", "sasrec/Normal/1", "sasrec/LER/1"));
  EXPECT_THAT(names(spec + "  exclude: [{backbone: sasrec, variant: ler}]\n"),
              ElementsAre("gru4rec/Normal/1", "gru4rec/LER/1", "sasrec/Normal/1"));
  EXPECT_THAT(names(spec + "  exclude: [{backbone: [gru4rec, sasrec]}]\n"
                           "  include:\n"
                           "    - {backbone: sasrec, variant: LER}\n"
                           "    - {backbone: gru4rec, variant: {Pop: {framework: popularity}}}\n"),
              ElementsAre("sasrec/LER/1", "none/Pop/0"));
  EXPECT_THAT(names(spec, {"grid.variant=[{SNQN: {framework: snqn}}]"}),
              ElementsAre("gru4rec/SNQN/1", "sasrec/SNQN/1"));
}

TEST_F(Variant, RulesSeeWhatABundleSets) {
  const Experiment experiment = load(
      std::string(kVariants) +
      "    - base: {}\n"
      "    - SNQN: {framework: snqn}\n"
      "    - slow: {framework: snqn, train.patience: 9, train.batch_size: 9}\n"
      "overrides: [{when: {framework: snqn}, set: {train.patience: 3, framework.twin: true}}]\n");
  EXPECT_EQ(experiment.runs[0].run.train.patience, 10);
  EXPECT_EQ(experiment.runs[1].run.train.patience, 3);
  EXPECT_EQ(experiment.runs[1].run.framework.params["twin"], true);
  EXPECT_EQ(experiment.runs[2].run.train.patience, 3) << "rules come after the grid of their file";
}

TEST_F(Variant, OfAPresetWinsOverThePresetsRules) {
  write("base.yaml",
        "overrides: [{when: {framework: snqn}, set: {train.patience: 3, train.batch_size: 5}}]\n");
  const Experiment experiment = load("extends: base.yaml\n" + std::string(kVariants) +
                                     "    - slow: {framework: snqn, train.patience: 9}\n");
  EXPECT_EQ(experiment.runs[0].run.train.patience, 9);
  EXPECT_EQ(experiment.runs[0].run.train.batch_size, 5);
}

TEST_F(Variant, ThatAFrameworkDoesNotReadIsOneRun) {
  EXPECT_THAT(names("data: {name: small}\nbackbone: gru4rec\nseeds: [1, 2]\ngrid:\n"
                    "  framework: [popularity, snqn]\n"
                    "  variant: [{A: {reward: le}}, {B: {train.batch_size: 5}}]\n"),
              ElementsAre("popularity/none/0", "snqn/A/1", "snqn/A/2", "snqn/B/1", "snqn/B/2"));
}

TEST_F(Variant, NamesMistakesOfBundles) {
  const auto wrong = [&](const std::string& bundles) { return error_of(kVariants + bundles); };
  EXPECT_EQ(wrong("    - A\n"),
            "spec.yaml:7:7: grid.variant[0]: must be a bundle: a name, and a map of what it sets, "
            "such as {LER: {framework: sa2c, reward: le}}");
  EXPECT_THAT(wrong("    - {A: {}, B: {}}\n"),
              HasSubstr("spec.yaml:7:7: grid.variant[0]: must be"));
  EXPECT_EQ(
      wrong("    - A: snqn\n"),
      "spec.yaml:7:10: grid.variant[0].A: must be a map of what the bundle sets; write {} for "
      "nothing");
  EXPECT_EQ(wrong("    - A: {freamwork: snqn}\n"),
            "spec.yaml:7:11: grid.variant.A.freamwork: unknown key, did you mean `framework`? "
            "(allowed: backbone, framework, reward, state, augment, or a dotted key such as "
            "train.learning_rate)");
  EXPECT_THAT(wrong("    - A: {train.batchsize: 3}\n"),
              HasSubstr("spec.yaml:7:11: grid.variant.A.train.batchsize: unknown key, did you mean "
                        "`batch_size`?"));
  EXPECT_THAT(
      wrong("    - A: {framework: snqm}\n"),
      HasSubstr("spec.yaml:7:22: framework: unknown framework `snqm`, did you mean `snqn`?"));
  EXPECT_THAT(wrong("    - A: {framework: snqn, framework.gama: 0}\n"),
              HasSubstr("framework.snqn.gama: unknown key, did you mean `gamma`?"));
  EXPECT_EQ(
      wrong("    - A: {framework: [snqn]}\n"),
      "spec.yaml:7:22: grid.variant.A.framework: must be a name, or {name: {parameter: value}}");
  EXPECT_EQ(wrong("    - A: {}\n    - a: {framework: snqn}\n"),
            "spec.yaml:8:7: grid.variant[1]: has the same name `a` as [0]; remove it, or name it "
            "otherwise");
  EXPECT_EQ(wrong("    - A: {}\n    - B: {}\n"),
            "spec.yaml:8:7: grid.variant: `B` gives the same runs as `A`; remove one");
  EXPECT_EQ(error_of(std::string(kBase) + "grid: {variant: {A: {}}}\n"),
            "spec.yaml:5:17: grid.variant: must be a list of bundles, such as [{SNQN: {framework: "
            "snqn}}]");
  EXPECT_EQ(error_of(std::string(kBase) + "grid: {varaint: [{A: {}}]}\n"),
            "spec.yaml:5:8: grid.varaint: unknown key, did you mean `variant`? (allowed: backbone, "
            "framework, reward, state, augment, variant, zip, exclude, include, overrides, or a "
            "dotted key such as train.learning_rate)");
  EXPECT_EQ(wrong("    - A: {framework: snqn}\n  exclude: [{variant: C}]\n"),
            "spec.yaml:8:23: grid.exclude[0].variant: `C` is no value of this axis (it has: A)");
  EXPECT_EQ(wrong("    - LER: {framework: snqn}\n  include: [{variant: LES}]\n"),
            "spec.yaml:8:23: grid.include[0].variant: `LES` is no value of this axis, did you mean "
            "`LER`? (it has: LER)");
}

TEST_F(Variant, MaySetNoKeyThatIsAnAxis) {
  const auto wrong = [&](const std::string& bundle, const std::string& axis) {
    return error_of(kVariants + bundle + axis);
  };
  EXPECT_EQ(wrong("    - A: {framework: snqn}\n", "  framework: [snqn, supervised]\n"),
            "spec.yaml:7:11: grid.variant.A.framework: `framework` is an axis of this grid, so no "
            "bundle may set it; remove one of the two");
  EXPECT_THAT(
      wrong("    - A: {framework: {snqn: {gamma: 0}}}\n", "  framework.gamma: [0.1, 0.2]\n"),
      HasSubstr("spec.yaml:7:30: grid.variant.A.framework.gamma: `framework.gamma` is an "
                "axis"));
  EXPECT_THAT(
      wrong("    - A: {framework: snqn, train.patience: 3}\n",
            "  zip: {train.patience: [1, 2], train.batch_size: [3, 4]}\n"),
      HasSubstr("spec.yaml:7:28: grid.variant.A.train.patience: `train.patience` is an axis"));
  EXPECT_THAT(wrong("    - A: {framework: snqn, state.of: le}\n", "  state: [none, le]\n"),
              HasSubstr("grid.variant.A.state.of: `state` is an axis"));
  EXPECT_EQ(names(kVariants + std::string("    - A: {framework: snqn}\n") +
                  "  framework.gamma: [0.1, 0.2]\n")
                .size(),
            2u)
      << "a parameter of the plugin that a bundle names may be an axis";
}

TEST_F(Variant, GivesNoWayToOneValueOfALaterLayer) {
  const std::string spec =
      std::string(kVariants) + "    - A: {framework: snqn}\n" + "    - B: {train.patience: 3}\n";
  EXPECT_EQ(error_of(spec, {"train.patience=4"}),
            "spec.yaml:8:11: grid.variant.B.train.patience: is set by a bundle, and "
            "`train.patience` is set later to one value; change the bundle (grid.variant) instead");
  EXPECT_THAT(error_of(spec, {"framework=supervised"}),
              HasSubstr("spec.yaml:7:11: grid.variant.A.framework: is set by a bundle"));
}

TEST_F(Variant, ZipPairsTheValuesOfItsAxes) {
  const std::string base(kBase);
  EXPECT_THAT(
      names(base + "grid:\n  framework: [snqn, supervised]\n"
                   "  zip: {backbone.width: [32, 64], train.learning_rate: [0.01, 0.005]}\n"),
      ElementsAre("snqn/32/0.01/1", "snqn/64/0.005/1", "supervised/32/0.01/1",
                  "supervised/64/0.005/1"));
  const Experiment experiment =
      load(base + "grid: {zip: {backbone.width: [32, 64], train.learning_rate: [0.01, 0.005]}}\n");
  EXPECT_THAT(experiment.axes, ElementsAre("backbone.width", "train.learning_rate"));
  EXPECT_EQ(experiment.runs[1].run.backbone.params["width"], 64);
  EXPECT_EQ(experiment.runs[1].run.train.learning_rate, 0.005);
  EXPECT_THAT(
      names(base + "grid:\n  zip:\n    - {backbone.width: [32, 64], train.learning_rate: [1, 2]}\n"
                   "    - {train.patience: [3, 4], train.min_steps: [5, 6]}\n"),
      ElementsAre("32/1/3/5/1", "32/1/4/6/1", "64/2/3/5/1", "64/2/4/6/1"));
}

TEST_F(Variant, ZipTakesSlotsBundlesAndOneValueSeveralTimes) {
  EXPECT_THAT(names("data: {name: small}\nseeds: [1]\ngrid:\n  zip:\n"
                    "    backbone: [gru4rec, gru4rec, sasrec]\n"
                    "    variant: [{A: {framework: snqn}}, {B: {framework: supervised}}, {A: "
                    "{framework: snqn}}]\n"
                    "  exclude: [{backbone: gru4rec, variant: B}]\n"),
              ElementsAre("gru4rec/A/1", "sasrec/A/1"));
  EXPECT_THAT(names(std::string(kBase) +
                        "grid: {zip: {train.patience: [1, 2], train.batch_size: [3, 4]}}\n",
                    {"grid.zip.train.batch_size=[5, 6]"}),
              ElementsAre("1/5/1", "2/6/1"));
}

TEST_F(Variant, OneOfSeveralZipsIsChangedFromTheCommandLine) {
  const std::string spec =
      std::string(kBase) +
      "grid:\n  zip:\n    - {train.patience: [1, 2], train.batch_size: [3, 4]}\n"
      "    - {backbone.width: [8, 16], framework.gamma: [0, 1]}\n";
  EXPECT_THAT(names(spec, {"grid.zip.framework.gamma=[0.25, 0.5]"}),
              ElementsAre("1/3/8/0.25/1", "1/3/16/0.5/1", "2/4/8/0.25/1", "2/4/16/0.5/1"));
  EXPECT_THAT(names(spec, {"grid.zip.train.patience=[7]", "grid.zip.train.batch_size=[9]"}),
              ElementsAre("7/9/8/0/1", "7/9/16/1/1"));
  EXPECT_EQ(error_of(spec, {"grid.zip.framework.gama=[1]"}),
            "--set grid.zip.framework.gama=[1]: grid.zip.framework.gama: is no axis of a zip, did "
            "you mean `framework.gamma`? (the zips have: train.patience, train.batch_size, "
            "backbone.width, framework.gamma)");
}

// Each seed has an environment of its own. A run that does not use it has the seed alone.
TEST_F(Variant, ZipPairsTheSeedsOfRunsWithSettings) {
  const std::string spec =
      "data: {name: small}\n"
      "backbone: gru4rec\n"
      "environments: {e: le}\n"
      "grid:\n"
      "  variant: [{Pop: {framework: popularity}}, {SNQN: {framework: snqn}},\n"
      "            {LER: {framework: snqn, reward: e}}]\n"
      "  zip: {seed: [3, 5], environments.e.portion: [0.1, 0.2]}\n";
  const Experiment experiment = load(spec);
  EXPECT_THAT(names(spec), ElementsAre("Pop/none/none/0", "SNQN/3/none/3", "SNQN/5/none/5",
                                       "LER/3/0.1/3", "LER/5/0.2/5"));
  EXPECT_EQ(experiment.runs[3].run.reward.params["portion"], 0.1);
  EXPECT_EQ(experiment.runs[4].run.reward.params["portion"], 0.2);
  EXPECT_EQ(experiment.runs[2].hash, load("data: {name: small}\nbackbone: gru4rec\nframework: "
                                          "snqn\nseeds: [5]\n")
                                         .runs[0]
                                         .hash)
      << "the seed of an axis is a seed like others";
  EXPECT_THAT(names(spec + "  exclude: [{variant: LER, seed: 5}]\n"),
              ElementsAre("Pop/none/none/0", "SNQN/3/none/3", "SNQN/5/none/5", "LER/3/0.1/3"));
  EXPECT_THAT(names(spec, {"grid.zip.seed=[7, 8]"}),
              ElementsAre("Pop/none/none/0", "SNQN/7/none/7", "SNQN/8/none/8", "LER/7/0.1/7",
                          "LER/8/0.2/8"));
}

TEST_F(Variant, NamesMistakesOfSeedsInAZip) {
  const auto wrong = [&](const std::string& zip, const std::string& more = "") {
    return error_of("data: {name: small}\nbackbone: gru4rec\nframework: snqn\ngrid:\n  zip: {" +
                    zip + "}\n" + more);
  };
  EXPECT_EQ(
      wrong("seed: [1, 2], train.patience: [3, 4]", "seeds: [1]\n"),
      "spec.yaml:6:1: seeds: is stated, and `seed` in a `zip` is an axis of seeds; remove one "
      "of the two");
  EXPECT_EQ(wrong("seed: [1, 1], train.patience: [3, 4]"),
            "spec.yaml:5:15: grid.zip.seed: must be a list of different seeds, such as [1, 2, 3]");
  EXPECT_THAT(wrong("seed: [1, 0], train.patience: [3, 4]"),
              HasSubstr("spec.yaml:5:19: grid.zip.seed[1]: must be an integer from 1 to"));
  EXPECT_THAT(wrong("seed: [1, 2], train.patience: [3, 4]", "  include: [{train.patience: 9}]\n"),
              HasSubstr("grid.include: must name `seed` in each cell, because it is an axis"));
  EXPECT_THAT(error_of(std::string(kBase) + "grid: {seed: [1, 2]}\n"),
              HasSubstr("grid.seed: unknown key; `seeds` stands at the top of a spec"));
}

TEST_F(Variant, NamesMistakesOfAZip) {
  const auto wrong = [&](const std::string& grid) {
    return error_of(std::string(kBase) + "grid:\n" + grid);
  };
  EXPECT_EQ(wrong("  zip: {train.patience: [1, 2], train.batch_size: [3, 4, 5]}\n"),
            "spec.yaml:6:51: grid.zip.train.batch_size: has 3 values, but `train.patience` has 2; "
            "the values of a zip go together one by one");
  EXPECT_EQ(wrong("  train.patience: [1, 2]\n  zip: {train.patience: [1, 2], train.batch_size: [3, "
                  "4]}\n"),
            "spec.yaml:7:9: grid.zip.train.patience: `train.patience` is already an axis of this "
            "grid; an axis stands once, under `grid` or in a `zip`");
  EXPECT_THAT(
      wrong("  zip: {train.patience: [1, 2], train.batch_size: [3, 4]}\n  train.batch_size: "
            "[1]\n"),
      HasSubstr("spec.yaml:7:3: grid.train.batch_size: `train.batch_size` is already an "
                "axis"));
  EXPECT_EQ(
      wrong("  zip: {train.patience: [1, 2]}\n"),
      "spec.yaml:6:8: grid.zip: must pair at least two axes; a single one stands under `grid`");
  EXPECT_EQ(
      wrong("  zip: [train.patience]\n"),
      "spec.yaml:6:8: grid.zip: must be a map of axes whose values go together, such as "
      "{train.batch_size: [100, 200], train.learning_rate: [0.001, 0.002]}, or a list of such "
      "maps");
  EXPECT_EQ(wrong("  zip: {train.patience: [1, 2, 1], train.batch_size: [3, 4, 3]}\n"),
            "spec.yaml:6:32: grid.zip: the values [2] of all axes repeat the values [0]; remove "
            "them");
  EXPECT_THAT(wrong("  zip: {train.patiense: [1, 2], train.batch_size: [3, 4]}\n"),
              HasSubstr("spec.yaml:6:9: grid.zip.train.patiense: unknown key, did you mean "
                        "`patience`?"));
  EXPECT_EQ(
      error_of(
          std::string(kBase) + "grid: {zip: {train.patience: [1, 2], train.batch_size: [3, 4]}}\n",
          {"train.patience=1"}),
      "spec.yaml:5:14: grid.zip.train.patience: is an axis, and `train.patience` is set later "
      "to one value; set the axis (grid.zip.train.patience) instead");
}

TEST_F(Variant, TheSeedOfTheSplitIsAnAxisOfASplitBySequence) {
  const Experiment experiment =
      load(std::string(kBase) + "split: {by: sequence}\ngrid: {split.seed: [2, 3]}\n");
  ASSERT_EQ(experiment.runs.size(), 2u);
  EXPECT_EQ(experiment.runs[1].run.split.seed, 3);
  EXPECT_EQ(experiment.runs[1].labels.at("split.seed"), "3");
  EXPECT_EQ(error_of(std::string(kBase) + "split: {by: last_one}\ngrid: {split.seed: [2, 3]}\n"),
            "spec.yaml:6:8: grid.split.seed: is an axis, but `split.by: last_one` splits without a "
            "seed; write `split: {by: sequence}`, or remove the axis");
}

}  // namespace
}  // namespace lea::spec
