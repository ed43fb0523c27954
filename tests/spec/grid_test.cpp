// How a grid becomes runs.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

class GridTest : public SpecTest {
 protected:
  // "sasrec/snqn/1": the labels in axis order and the seed of each run.
  std::vector<std::string> names(const std::string& grid,
                                 const std::vector<std::string>& set = {}) {
    std::vector<std::string> names;
    const Experiment experiment = load("data: {name: small}\n" + grid, set);
    for (const PlannedRun& planned : experiment.runs) {
      std::string name;
      for (const std::string& axis : experiment.axes) name += planned.labels.at(axis) + "/";
      names.push_back(name + std::to_string(planned.run.seed));
    }
    return names;
  }
};

using ::testing::ElementsAre;

TEST_F(GridTest, IsTheProductInTheOrderOfTheSpecWithSeedsInnermost) {
  EXPECT_THAT(
      names("grid: {framework: [snqn, supervised], backbone: [gru4rec, sasrec]}\nseeds: [2, 1]\n"),
      ElementsAre("snqn/gru4rec/2", "snqn/gru4rec/1", "snqn/sasrec/2", "snqn/sasrec/1",
                  "supervised/gru4rec/2", "supervised/gru4rec/1", "supervised/sasrec/2",
                  "supervised/sasrec/1"));
}

TEST_F(GridTest, MergesCellsThatDifferOnlyInWhatTheirFrameworkIgnores) {
  EXPECT_THAT(names("grid:\n  backbone: [gru4rec, sasrec]\n  framework: [supervised, popularity]\n"
                    "  reward: [predefined, le]\nseeds: [1, 2]\n"),
              ElementsAre("gru4rec/supervised/none/1", "gru4rec/supervised/none/2",
                          "none/popularity/none/0", "sasrec/supervised/none/1",
                          "sasrec/supervised/none/2"));
}

TEST_F(GridTest, SweepsSettingsParametersAndEnvironments) {
  EXPECT_THAT(names("backbone: gru4rec\nframework: snqn\nreward: e\nenvironments: {e: le}\ngrid:\n"
                    "  train.learning_rate: [1e-3, 0.01]\n  framework.gamma: [0, 0.5]\n"
                    "  environments.e.portion: [0.2]\n  evaluate.k: [[5], [10, 20]]\nseeds: [1]\n"),
              ElementsAre("1e-3/0/0.2/[5]/1", "1e-3/0/0.2/[10,20]/1", "1e-3/0.5/0.2/[5]/1",
                          "1e-3/0.5/0.2/[10,20]/1", "0.01/0/0.2/[5]/1", "0.01/0/0.2/[10,20]/1",
                          "0.01/0.5/0.2/[5]/1", "0.01/0.5/0.2/[10,20]/1"));
  const Experiment experiment = load(
      "data: {name: small}\nbackbone: gru4rec\ngrid:\n  framework.gamma: [0.3]\n  framework: "
      "[snqn]\nseeds: [1]\n");
  EXPECT_EQ(experiment.runs[0].run.framework.params["gamma"], 0.3)
      << "a slot is filled before its parameters, whatever the order of the axes";
}

TEST_F(GridTest, LabelsTellUsesOfOnePluginApart) {
  EXPECT_THAT(
      names(
          "backbone: gru4rec\ngrid:\n  framework:\n    - snqn\n    - {snqn: {gamma: 0}}\n"
          "    - {snqn: {gamma: 1}, label: long}\n  state: [none, le, {of: le, combine: replace}]\n"
          "  augment: [{of: random, q_weight: 0}]\nseeds: [1]\n"),
      ElementsAre("snqn/none/random/1", "snqn/le/random/1", "snqn/le(combine=replace)/random/1",
                  "snqn(gamma=0)/none/random/1", "snqn(gamma=0)/le/random/1",
                  "snqn(gamma=0)/le(combine=replace)/random/1", "long/none/random/1",
                  "long/le/random/1", "long/le(combine=replace)/random/1"));
}

TEST_F(GridTest, LeavesOutWhatIsExcluded) {
  const std::string axes =
      "grid:\n  backbone: [gru4rec, {sasrec: {blocks: 2}}, {sasrec: {blocks: 3}}]\n"
      "  framework: [snqn, supervised]\n";
  EXPECT_THAT(names(axes + "  exclude: [{backbone: sasrec, framework: snqn}]\nseeds: [1]\n"),
              ElementsAre("gru4rec/snqn/1", "gru4rec/supervised/1", "sasrec(blocks=2)/supervised/1",
                          "sasrec(blocks=3)/supervised/1"))
      << "a name means every use of that plugin";
  EXPECT_THAT(
      names(axes + "  exclude: [{backbone: [{sasrec: {blocks: 2}}, gru4rec]}]\nseeds: [1]\n"),
      ElementsAre("sasrec(blocks=3)/snqn/1", "sasrec(blocks=3)/supervised/1"));
}

TEST_F(GridTest, AddsWhatIsIncluded) {
  EXPECT_THAT(
      names("backbone: gru4rec\ngrid:\n  backbone: [gru4rec]\n  framework: [snqn, supervised]\n"
            "  include:\n    - {backbone: sasrec, framework: {snqn: {gamma: 0}}}\n"
            "    - {framework: popularity}\nseeds: [1, 2]\n"),
      ElementsAre("gru4rec/snqn/1", "gru4rec/snqn/2", "gru4rec/supervised/1",
                  "gru4rec/supervised/2", "sasrec/snqn(gamma=0)/1", "sasrec/snqn(gamma=0)/2",
                  "none/popularity/0"));
}

TEST_F(GridTest, LabelsWhatAnAddedCellDoesNotNameByWhatWasResolved) {
  const std::string axes =
      "backbone: gru4rec\nseeds: [1]\ngrid:\n  framework: [snqn]\n"
      "  reward: [le]\n  state: [le]\n  train.patience: [4]\n  framework.gamma: [0.1]\n"
      "  train.learning_rate: [0.01]\n  include: [{framework: {snqn: {twin: true}}}]\n";
  EXPECT_THAT(names(axes),
              ElementsAre("snqn/le/le/4/0.1/0.01/1",
                          "snqn(twin=true)/predefined/none/10/0.5/" +
                              nlohmann::json(TrainSection().learning_rate).dump() + "/1"));
  EXPECT_THAT(
      names(axes + "reward: {shuffled: {of: le}, label: control}\nstate: table\n"
                   "train: {learning_rate: 1e-3}\n"
                   "overrides: [{when: {reward: shuffled}, set: {train.patience: 7}}]\n")[1],
      "snqn(twin=true)/control/table/7/0.5/1e-3/1");
}

TEST_F(GridTest, LabelsAParameterOfAnEnvironmentByWhatWasResolved) {
  const std::string axes =
      "backbone: gru4rec\nframework: snqn\nseeds: [1]\ngrid:\n  environments.E.portion: [0.2]\n"
      "  framework.gamma: [0.1]\n  include: [{framework.gamma: 0.3}]\n";
  EXPECT_THAT(names(axes + "environments: {e: le}\nreward: e\n"),
              ElementsAre("0.2/0.1/1", "0.1/0.3/1"));
  EXPECT_THAT(names(axes + "environments: {e: {le: {portion: 5e-1}}}\nreward: e\n"),
              ElementsAre("0.2/0.1/1", "5e-1/0.3/1"));
  EXPECT_THAT(names(axes + "environments: {e: le}\nreward: {shuffled: {of: e}}\n"),
              ElementsAre("0.2/0.1/1", "0.1/0.3/1"));
}

TEST_F(GridTest, LabelsASettingThatWasAddedLaterByItsDefault) {
  EXPECT_THAT(
      names("backbone: gru4rec\nframework: snqn\nseeds: [1]\ngrid:\n"
            "  train.weight_decay: [0.5]\n  framework.gamma: [0.1]\n"
            "  include: [{framework.gamma: 0.3}]\n"),
      ElementsAre("0.5/0.1/1", nlohmann::json(TrainSection().weight_decay).dump() + "/0.3/1"));
}

// A case of the report that led to the rule: the reward of the added cell was resolved, and shown as
// `none`.
TEST_F(GridTest, LabelsTheDefaultRewardOfAnAddedCell) {
  const Experiment experiment = load(
      "name: k\ndata: {name: small, path: ../small}\n"
      "train: {batch_size: 64, max_steps: 20, validate_every: 10}\nbackbone: gru4rec\n"
      "grid:\n  framework: [snqn]\n  reward: [le]\n"
      "  include: [{framework: {snqn: {gamma: 0}}}, {framework: supervised}]\nseeds: [1]\n");
  ASSERT_EQ(experiment.runs.size(), 3u);
  EXPECT_EQ(experiment.runs[1].run.reward.id, "lea.predefined");
  EXPECT_EQ(experiment.runs[1].labels.at("reward"), "predefined");
  EXPECT_EQ(experiment.runs[2].labels.at("reward"), "none") << "supervised reads no reward";
}

TEST_F(GridTest, RulesInAGridHoldAsThoseAtTheTop) {
  const Experiment experiment = load(
      "data: {name: small}\nbackbone: gru4rec\ngrid:\n  framework: [snqn, supervised]\n"
      "  overrides: [{when: {framework: supervised}, set: {train.patience: 4}}]\nseeds: [1]\n");
  EXPECT_EQ(experiment.runs[0].run.train.patience, 10);
  EXPECT_EQ(experiment.runs[1].run.train.patience, 4);
}

TEST_F(GridTest, CanBeReplacedFromTheCommandLine) {
  EXPECT_THAT(names("backbone: gru4rec\ngrid: {framework: [snqn, supervised]}\nseeds: [1]\n",
                    {"grid.framework=[popularity]", "grid.train.patience=[1]"}),
              ElementsAre("popularity/none/0"));
}

// `axes` axes of `values` values each.
std::string wide_grid(int axes, int values) {
  const char* const keys[] = {
      "train.patience", "train.max_steps", "train.batch_size", "train.min_steps", "train.log_every",
      "train.threads",  "data.history",    "negatives.count",  "split.seed",      "negatives.seed"};
  std::string text = std::string(kBase) + "grid:\n";
  for (int axis = 0; axis < axes; ++axis) {
    text += std::string("  ") + keys[axis] + ": [1";
    for (int i = 2; i <= values; ++i) text += ", " + std::to_string(i);
    text += "]\n";
  }
  return text;
}

TEST_F(GridTest, RefusesAMillionRunsBeforeItExpandsThem) {
  EXPECT_EQ(error_of(wide_grid(2, 1000)),
            "spec.yaml:5:1: grid: has 1000000 runs, but at most 100000 are allowed");
  EXPECT_EQ(error_of(wide_grid(9, 1000)),
            "spec.yaml:5:1: grid: has more than 10^19 runs, but at most 100000 are allowed");
}

TEST_F(GridTest, ExpandsALargeGridInAFewSeconds) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(load(wide_grid(3, 20)).runs.size(), 8000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace lea::spec
