// What a spec means: layers, slots, defaults, the command line.
#include "core/spec/experiment.h"

#include <gmock/gmock.h>

#include "tests/spec/cuts.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

class ExperimentTest : public SpecTest {
 protected:
  RunSpec only(const std::string& text, const std::vector<std::string>& set = {}) {
    const Experiment experiment = load(text, set);
    EXPECT_EQ(experiment.runs.size(), 1u);
    return experiment.runs.at(0).run;
  }
};

TEST_F(ExperimentTest, ReadsASmallSpecWithEveryDefault) {
  const Experiment experiment = load(kBase);
  EXPECT_EQ(experiment.name, "spec") << "the file's name, unless stated";
  EXPECT_EQ(experiment.path, path("spec.yaml"));
  EXPECT_TRUE(experiment.axes.empty());
  ASSERT_EQ(experiment.runs.size(), 1u);
  const RunSpec& run = experiment.runs[0].run;
  EXPECT_EQ(run.data.name, "small");
  EXPECT_EQ(run.framework.id, "lea.snqn");
  EXPECT_EQ(run.reward.id, "lea.predefined") << "what a framework learns from unless stated";
  EXPECT_TRUE(run.state.none());
  EXPECT_TRUE(run.augment.none());
  EXPECT_EQ(run.seed, 1);
  EXPECT_EQ(experiment.runs[0].hash, run_hash(run));
}

// What a spec may write for a cut at the timestamp 0, and what a resolved spec writes when both
// bounds follow from the ratios.
TEST_F(ExperimentTest, ABoundInTimeIsCutAtTheTimestampZeroOrFollowsFromTheRatios) {
  const RunSpec cut =
      only(std::string(kBase) + "split: {by: time, valid_from: -5e-324, test_from: 5}\n");
  EXPECT_LT(cut.split.valid_from, 0);
  EXPECT_EQ(run_from_json(to_json(cut), "run.yaml").split.valid_from, cut.split.valid_from);
  const std::string by_time = std::string(kBase) + "split: {by: time";
  EXPECT_EQ(run_hash(only(by_time + ", valid_from: 0, test_from: 0}\n")),
            run_hash(only(by_time + "}\n")));
}

TEST_F(ExperimentTest, AFrameworkThatIgnoresASlotHasNoneThere) {
  const RunSpec run = only(
      "data: {name: small}\nbackbone: gru4rec\nframework: supervised\nreward: le\n"
      "state: le\nnegatives: {count: 3}\nseeds: [4]\n");
  EXPECT_EQ(run.backbone.id, "lea.gru4rec");
  EXPECT_TRUE(run.reward.none());
  EXPECT_TRUE(run.state.none());
  EXPECT_FALSE(run.reads_negatives);
  EXPECT_EQ(to_json(run)["negatives"], json());
  EXPECT_EQ(run.seed, 4);
}

TEST_F(ExperimentTest, AnUntrainedBaselineNeedsNoBackboneAndHasOneRun) {
  const RunSpec run = only("data: {name: small}\nframework: popularity\nseeds: [1, 2, 3]\n");
  EXPECT_EQ(run.seed, 0);
  EXPECT_EQ(to_json(run)["train"], json());
  EXPECT_EQ(to_json(run)["backbone"], json());
}

TEST_F(ExperimentTest, SlotsCarryTheirOwnSettings) {
  const RunSpec run = only(std::string(kBase) +
                           "state: {of: {le: {portion: 0.2}}, combine: replace, project: 8}\n"
                           "augment: {of: random, supervised_weight: 2}\n");
  EXPECT_EQ(run.state.id, "lea.le");
  EXPECT_EQ(run.state.params["portion"], 0.2);
  EXPECT_EQ(run.state_use.combine, "replace");
  EXPECT_EQ(run.state_use.project, 8);
  EXPECT_EQ(run.augment.id, "lea.random");
  EXPECT_EQ(run.augment_use.supervised_weight, 2);
  EXPECT_EQ(run.augment_use.q_weight, 0.01);
}

TEST_F(ExperimentTest, EnvironmentsAreInlinedSoThatNamesDoNotMatter) {
  const std::string one =
      "environments: {a: {le: {portion: 0.3}}, b: {shuffled: {of: a}}}\nreward: b\n";
  const std::string two = "environments: {x: {le: {portion: 0.3}}}\nreward: {shuffled: {of: x}}\n";
  const std::string three = "reward: {shuffled: {of: {le: {portion: 0.3}}}}\n";
  const RunSpec run = only(kBase + one);
  EXPECT_EQ(run.reward.params["of"],
            json::parse(R"({"id": "lea.le", "params": {"portion": 0.3}})"));
  EXPECT_EQ(load(kBase + two).runs[0].hash, run_hash(run));
  EXPECT_EQ(load(kBase + three).runs[0].hash, run_hash(run));
}

TEST_F(ExperimentTest, ADeclaredEnvironmentMayHaveItsPluginsName) {
  const RunSpec run =
      only(std::string(kBase) + "environments: {le: {le: {portion: 0.7}}}\nreward: le\n");
  EXPECT_EQ(run.reward.params["portion"], 0.7);
}

TEST_F(ExperimentTest, AnEnvironmentThatNoSlotNamesChangesNoHash) {
  const std::string unused = "environments: {mine: {shuffled: {of: le}}}\n";
  EXPECT_EQ(load(kBase + unused).runs[0].hash, load(kBase).runs[0].hash);
}

TEST_F(ExperimentTest, AnUnusedEnvironmentOfAPresetIsCheckedAtItsPlace) {
  write("presets/base.yaml", "environments: {mine: oracel}\n");
  EXPECT_THAT(error_of("extends: presets/base.yaml\n" + std::string(kBase)),
              ::testing::HasSubstr("presets/base.yaml:1:22: environments.mine: unknown environment "
                                   "`oracel`"));
}

TEST_F(ExperimentTest, ExtendsMergesMapsAndReplacesLists) {
  write("presets/base.yaml",
        "data: {name: base, history: 5}\nsplit: {ratios: [0.7, 0.2, 0.1]}\n"
        "train: {batch_size: 10, patience: 3}\nbackbone: {sasrec: {blocks: 3}}\n"
        "framework: {snqn: {gamma: 0.1, twin: true}}\n");
  const RunSpec run = only(
      "extends: presets/base.yaml\ndata: {name: mine}\nsplit: {ratios: [0.5, 0.25, 0.25]}\n"
      "train: {batch_size: 20}\nbackbone: gru4rec\nframework: {snqn: {gamma: 0.2}}\nseeds: [1]\n");
  EXPECT_EQ(run.data.name, "mine");
  EXPECT_EQ(run.data.history, 5);
  EXPECT_EQ(run.split.ratios, (std::vector<double>{0.5, 0.25, 0.25}));
  EXPECT_EQ(run.train.batch_size, 20);
  EXPECT_EQ(run.train.patience, 3);
  EXPECT_EQ(run.backbone.id, "lea.gru4rec");
  EXPECT_EQ(run.backbone.params["blocks"], 1) << "another plugin keeps no parameter of the old one";
  EXPECT_EQ(run.framework.params["gamma"], 0.2);
  EXPECT_EQ(run.framework.params["twin"], true) << "the same plugin keeps what is not restated";
}

TEST_F(ExperimentTest, LaterBasesWinAndAFileReachedTwiceCountsOnce) {
  write("root.yaml", "train: {batch_size: 1, patience: 1}\n");
  write("a.yaml", "extends: root.yaml\ntrain: {batch_size: 2}\n");
  write("b.yaml", "extends: [root.yaml]\ntrain: {max_steps: 3}\n");
  const RunSpec run = only(std::string("extends: [a.yaml, b.yaml]\n") + kBase);
  EXPECT_EQ(run.train.batch_size, 2) << "root.yaml must not come back through b.yaml";
  EXPECT_EQ(run.train.max_steps, 3);
  EXPECT_EQ(run.train.patience, 1);
}

TEST_F(ExperimentTest, APathIsRelativeToTheFileThatStatesIt) {
  write("shared/split.tsv", "a\n");
  write("shared/rewards.tsv", "b\n");
  write("presets/base.yaml",
        "split: {by: file, path: ../shared/split.tsv}\nreward: {table: {rewards: "
        "../shared/rewards.tsv}}\n"
        "data: {path: ../shared}\n");
  const RunSpec run = only(std::string("extends: presets/base.yaml\n") + kBase);
  EXPECT_EQ(run.split.path, path("shared/split.tsv"));
  EXPECT_EQ(run.data.path, path("shared"));
  EXPECT_EQ(run.reward.params["rewards"]["path"], path("shared/rewards.tsv"));
  EXPECT_EQ(run.split_sha256.size(), 64u);
}

TEST_F(ExperimentTest, AMovedFileIsTheSameCellAndAChangedFileIsAnother) {
  write("a.tsv", "same");
  write("b.tsv", "same");
  write("c.tsv", "other");
  const auto hash = [&](const std::string& file) {
    return load(std::string(kBase) + "split: {by: file, path: " + file + "}\n").runs[0].hash;
  };
  EXPECT_EQ(hash("a.tsv"), hash("b.tsv"));
  EXPECT_NE(hash("a.tsv"), hash("c.tsv"));
}

TEST_F(ExperimentTest, SetWinsOverEveryFile) {
  write(
      "base.yaml",
      "train: {batch_size: 1}\noverrides:\n  - set: {train.batch_size: 2, framework.gamma: 0.3}\n");
  const std::string text = std::string("extends: base.yaml\n") + kBase;
  EXPECT_EQ(only(text).train.batch_size, 2);
  EXPECT_EQ(only(text, {"train.batch_size=3"}).train.batch_size, 3);
  EXPECT_EQ(only(text, {"framework.gamma=0.4"}).framework.params["gamma"], 0.4);
  EXPECT_EQ(only(text, {"framework={snqn: {gamma: 0.6}}"}).framework.params["gamma"], 0.6);
  EXPECT_EQ(only(text, {"seeds=[9]"}).seed, 9);
  EXPECT_EQ(only(text, {"evaluate.k=[7, 3]"}).evaluate.k, (std::vector<int64_t>{3, 7}));
  EXPECT_EQ(only(text, {"state=le", "state.project=4"}).state_use.project, 4);
  EXPECT_EQ(only(text + "environments: {e: le}\nreward: e\n", {"environments.e.portion=0.9"})
                .reward.params["portion"],
            0.9);
}

TEST_F(ExperimentTest, SetTakesEveryKeyThatTheGuidePromises) {
  const std::string text =
      std::string(kBase) + "environments: {e: {le: {portion: 0.3}}, f: predefined}\n";
  EXPECT_EQ(only(text, {"data.history=7"}).data.history, 7);
  EXPECT_EQ(only(text, {"split.seed=4"}).split.seed, 4);
  EXPECT_EQ(only(text, {"negatives.count=3"}).negatives.count, 3);
  EXPECT_FALSE(only(text, {"evaluate.test=false"}).evaluate.test);
  EXPECT_EQ(load(text, {"prepare.threads=2"}).prepare.threads, 2);
  EXPECT_EQ(only(text, {"backbone.width=8"}).backbone.params["width"], 8);
  EXPECT_EQ(only(text, {"augment=random", "augment.q_weight=0.5"}).augment_use.q_weight, 0.5);
  EXPECT_EQ(only(text, {"state=e", "state.of=table"}).state.id, "lea.table");
  EXPECT_EQ(only(text, {"environments.f={le: {}}", "state=f"}).state.id, "lea.le");
  EXPECT_EQ(
      only(text, {"environments={g: {le: {portion: 0.6}}}", "reward=g"}).reward.params["portion"],
      0.6);
  const RunSpec wrapped = only(text, {"reward={shuffled: {of: le}}", "reward.of=e"});
  EXPECT_EQ(wrapped.reward.id, "lea.shuffled") << "`of` is a parameter of the slot's plugin";
  EXPECT_EQ(wrapped.reward.params["of"]["params"]["portion"], 0.3);
  const auto runs = [&](const std::vector<std::string>& set) {
    return load(text, set).runs.size();
  };
  EXPECT_EQ(runs({"grid.train.patience=[3, 4]"}), 2u);
  EXPECT_EQ(runs({"grid.split.seed=[2, 3]"}), 2u);
  EXPECT_EQ(runs({"grid.framework.gamma=[0, 1]"}), 2u);
  EXPECT_EQ(runs({"grid.environments.e.portion=[0.1, 0.2]", "reward=e"}), 2u);
  EXPECT_EQ(runs({"grid.variant=[{A: {train.patience: 3}}, {B: {}}]"}), 2u);
  EXPECT_EQ(runs({"grid.framework=[snqn, supervised]", "grid.exclude=[{framework: snqn}]"}), 1u);
  EXPECT_EQ(runs({"grid.framework=[snqn]", "grid.include=[{framework: supervised}]"}), 2u);
}

TEST_F(ExperimentTest, AParameterOfTheDefaultRewardNeedsNoStatedReward) {
  const RunSpec run = only(kBase, {"reward.logged=2"});
  EXPECT_EQ(run.reward.id, "lea.predefined");
  EXPECT_EQ(run.reward.params["logged"], 2);
  EXPECT_EQ(load(std::string(kBase) + "grid: {reward.logged: [1, 2]}\n").runs.size(), 2u);
  EXPECT_EQ(error_of(kBase, {"reward.loged=2"}),
            "--set reward.loged=2: reward.predefined.loged: unknown key, did you mean `logged`? "
            "(lea.predefined has: logged)");
  EXPECT_EQ(error_of(std::string(kBase) + "reward: none\n", {"reward.logged=2"}),
            "spec.yaml:5:9: reward: lea.snqn learns from rewards; name an environment");
  EXPECT_THAT(error_of("data: {name: small}\nframework: snqn\nseeds: [1]\n", {"backbone.width=8"}),
              ::testing::HasSubstr("backbone: is required: lea.snqn needs one"));
}

TEST_F(ExperimentTest, SetOfAWholeEnvironmentStatesItAsALaterFileWould) {
  const std::string text = std::string(kBase) +
                           "environments: {Mine: {le: {portion: 0.3}}, other: predefined}\n"
                           "reward: mine\noverrides: [{set: {environments.mine.portion: 0.4}}]\n";
  const auto reward = [&](const std::vector<std::string>& set) { return only(text, set).reward; };
  EXPECT_EQ(reward({"environments.Mine={le: {portion: 0.9}}"}).params["portion"], 0.9)
      << "--set wins over a rule of the file";
  EXPECT_EQ(reward({"environments.mine={LE: {}}"}).params["portion"], 0.4)
      << "parameters of the same plugin are merged, and the name's case does not count";
  EXPECT_EQ(reward({"environments.mine={le: {portion: 0.9}}", "environments.mine.portion=0.8"})
                .params["portion"],
            0.8);
  const std::string other =
      std::string(kBase) + "environments: {mine: {le: {portion: 0.3}}}\nreward: mine\n";
  EXPECT_EQ(only(other, {"environments.mine=predefined"}).reward.id, "lea.predefined");
  EXPECT_EQ(only(other, {"environments.mine={shuffled: {of: le}}"}).reward.id, "lea.shuffled");
}

TEST_F(ExperimentTest, SetOfAWholeEnvironmentDeclaresOneThatTheSpecLacks) {
  const auto reward = [&](const std::string& more, std::vector<std::string> set) {
    set.push_back("reward=foo");
    return only(kBase + more, set).reward;
  };
  EXPECT_EQ(reward("", {"environments.foo={le: {portion: 0.9}}"}).params["portion"], 0.9);
  EXPECT_EQ(reward("environments: {mine: predefined}\n", {"environments.foo=le"}).id, "lea.le");
  EXPECT_EQ(reward("", {"environments.foo=le", "environments.foo.portion=0.8"}).params["portion"],
            0.8);
}

TEST_F(ExperimentTest, SetOfAWholeEnvironmentIsRefusedWithItsReason) {
  const auto refused = [&](const std::string& more, const std::string& set) {
    return error_of(kBase + more, {set});
  };
  const std::string mine = "environments: {mine: le}\n", reward = "reward: mine\n";
  EXPECT_EQ(refused(mine, "environments.mime=le"),
            "--set environments.mime=le: environments.mime: no environment `mime` is declared, did "
            "you mean `mine`? (there are: mine); `--set environments={NAME: ...}` declares one");
  EXPECT_EQ(refused("environments: {ab: le, AB: le}\n", "environments.Ab=le"),
            "--set environments.Ab=le: environments.Ab: `Ab` can mean ab or AB; write one of them "
            "exactly");
  EXPECT_EQ(refused(mine + reward, "environments.mine={le: {portion: 7}}"),
            "--set environments.mine={le: {portion: 7}}: environments.mine.le.portion: must be a "
            "number from 0 to 1, but is `7`");
  EXPECT_EQ(refused(mine + reward + "grid: {environments.mine.portion: [0.1, 0.2]}\n",
                    "environments.mine={le: {portion: 0.3}}"),
            "spec.yaml:7:8: grid.environments.mine.portion: is an axis, and "
            "`environments.mine.portion` is set later to one value; set the axis "
            "(grid.environments.mine.portion) instead");
}

TEST_F(ExperimentTest, RulesSetParametersOfEnvironmentsAndNotWholeOnes) {
  EXPECT_EQ(error_of(std::string(kBase) +
                     "environments: {mine: le}\noverrides: [{set: {environments.mine: le}}]\n"),
            "spec.yaml:6:20: overrides.set.environments.mine: must name a parameter, as in "
            "environments.mine.PARAMETER; a whole environment is stated under `environments` at "
            "the top of a spec, or by --set");
}

TEST_F(ExperimentTest, TheResolvedSpecShowsLayersAndOverridesApplied) {
  write("base.yaml", "train: {batch_size: 1, patience: 2}\n");
  const Experiment experiment =
      load(std::string("extends: base.yaml\n") + kBase, {"train.batch_size=3"});
  EXPECT_EQ(experiment.resolved["train"], json::parse(R"({"batch_size": 3, "patience": 2})"));
  EXPECT_FALSE(experiment.resolved.contains("extends"));
}

TEST_F(ExperimentTest, RulesAdjustCellsByPluginAndGiveWayToLaterLayers) {
  write("base.yaml",
        "train: {patience: 10}\noverrides:\n"
        "  - when: {framework: [snqn], backbone: gru4rec}\n    set: {train.patience: 3, "
        "framework.gamma: 0.1}\n"
        "  - when: {backbone: sasrec}\n    set: {backbone.blocks: 4}\n");
  const std::string text = std::string("extends: base.yaml\n") + kBase;
  const RunSpec run = only(text);
  EXPECT_EQ(run.train.patience, 3);
  EXPECT_EQ(run.framework.params["gamma"], 0.1);
  EXPECT_EQ(run.backbone.params["blocks"], 1) << "a rule for another backbone";
  EXPECT_EQ(only(text + "train: {patience: 7}\n").train.patience, 7) << "a later layer states it";
  EXPECT_EQ(only(text + "overrides: [{set: {train.patience: 6}}]\n").train.patience, 6)
      << "a later rule, and the base's rules are kept";
}

TEST_F(ExperimentTest, RulesMayNameDeclaredEnvironmentsAndNone) {
  const std::string text = std::string(kBase) + "environments: {e: le}\nreward: e\n";
  EXPECT_EQ(only(text + "overrides: [{when: {reward: e, state: none}, set: {train.patience: 2}}]\n")
                .train.patience,
            2);
  EXPECT_EQ(
      only(text + "overrides: [{when: {reward: le}, set: {train.patience: 2}}]\n").train.patience,
      10)
      << "the slot names e, not the plugin";
}

TEST_F(ExperimentTest, ReadsTheCountOfRunsAsAGuardAgainstACutFile) {
  EXPECT_EQ(error_of(std::string(kBase) + "runs: 1\n"), "");
  EXPECT_EQ(error_of(std::string(kBase) + "runs: 2\n"),
            "spec.yaml:5:7: runs: is 2, but the grid has 1 run; correct one of them");
  EXPECT_EQ(error_of(std::string(kBase) + "runs: 1\n", {"seeds=[1, 2]"}), "")
      << "--set changes the grid";
}

// A spec without seeds is refused, so seeds at the end show a cut that takes the count away, too.
// The specs that ship are cut in preset_test.cpp.
TEST_F(ExperimentTest, ASpecThatEndsWithItsCountIsNeverCutUnseen) {
  const std::string start = "data: {name: small}\nbackbone: gru4rec\nframework: snqn\n";
  const auto read = [&](const std::string& text) { return load(text); };
  for (const char* end : {
           "seeds: [1]\nruns: 1\n",
           "seeds: [1, 2, 13]\nruns: 3   # a comment\n",
           "grid:\n  train.patience:\n    - 5\n    - 15\n  backbone:\n    - gru4rec\n"
           "    - sasrec\nseeds: [1]\nruns: 4\n",
           "grid: {framework.gamma: [0, 0.25, 1], train.patience: [1, 11, 111, 1111]}\n"
           "seeds: [10, 1]\nruns: 24",
           "overrides:\n  - when: {framework: snqn}\n    set:\n      train.patience: 3\n"
           "      framework.gamma: 0.1\nseeds: [1]\nruns: 1\n",
       }) {
    SCOPED_TRACE(end);
    expect_every_cut_is_seen(start + end, 0, read);
  }
}

// Wherever the seeds stand: what is left has fewer runs than the count says.
TEST_F(ExperimentTest, ASpecThatBeginsWithItsCountIsNeverCutUnseen) {
  const std::string grid =
      "grid:\n  train.patience:\n    - 5\n    - 15\n  backbone:\n    - gru4rec\n    - sasrec\n";
  expect_every_cut_is_seen("runs: 4\n" + (kBase + grid), std::string("runs: 4\n").size(),
                           [&](const std::string& text) { return load(text); });
}

// Where the seeds stand first, a cut that takes the line of the count away as a whole can leave a
// smaller spec. A cut within that line is refused.
TEST_F(ExperimentTest, ACutWithinTheCountIsRefused) {
  const std::string text =
      std::string(kBase) +
      "grid:\n  train.patience: [1, 2, 3, 4, 5, 6]\n  backbone:\n    - gru4rec\n    - sasrec\n";
  for (const std::string count : {"runs: 12", "runs:     12"}) {
    ASSERT_EQ(error_of(text + count + "\n"), "");
    for (size_t cut = 1; cut < count.size(); ++cut) {
      EXPECT_NE(error_of(text + count.substr(0, cut)), "") << count.substr(0, cut);
    }
  }
}

}  // namespace
}  // namespace lea::spec
