// Names in another case than the declared one, and presets by name.
#include <gmock/gmock.h>

#include "core/spec/presets.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Names : public SpecTest {
 protected:
  std::string hash(const std::string& text) const { return load(text).runs.at(0).hash; }
};

TEST_F(Names, OfPluginsAreMatchedWithoutCase) {
  const std::string lower = kBase;
  const std::string upper =
      "data: {name: small}\nbackbone: GRU4Rec\nframework: {LEA.SNQN: {}}\nseeds: [1]\n";
  EXPECT_EQ(load(upper).runs.at(0).run.framework.id, "lea.snqn");
  EXPECT_EQ(hash(upper), hash(lower));
  EXPECT_EQ(hash(lower + "reward: {Shuffled: {of: LE}}\nstate: None\n"),
            hash(lower + "reward: {shuffled: {of: le}}\nstate: none\n"));
}

TEST_F(Names, OnAnAxisKeepTheSpellingOfTheSpecAsLabels) {
  const Experiment experiment = load(
      "data: {name: small}\nseeds: [1]\ngrid:\n  backbone: [GRU4Rec, SASRec]\n"
      "  framework: [SNQN, Supervised]\n  exclude: [{backbone: sasrec, framework: snqn}]\n"
      "  overrides: [{when: {framework: Snqn}, set: {train.patience: 3}}]\n");
  ASSERT_EQ(experiment.runs.size(), 3u);
  EXPECT_EQ(experiment.runs[0].labels.at("backbone"), "GRU4Rec");
  EXPECT_EQ(experiment.runs[0].labels.at("framework"), "SNQN");
  EXPECT_EQ(experiment.runs[0].run.train.patience, 3);
  EXPECT_EQ(experiment.runs[2].labels.at("backbone"), "SASRec");
  EXPECT_EQ(experiment.runs[2].labels.at("framework"), "Supervised");
}

TEST_F(Names, InTwoSpellingsAreOnePlugin) {
  EXPECT_EQ(error_of(std::string(kBase) + "grid: {backbone: [sasrec, SASRec]}\n"),
            "spec.yaml:5:27: grid.backbone: `SASRec` gives the same runs as `sasrec`; remove one");
  const Experiment experiment = load(
      "data: {name: small}\nbackbone: gru4rec\nseeds: [1]\n"
      "grid: {framework: [{SNQN: {gamma: 0}}, {snqn: {gamma: 1}}]}\n");
  EXPECT_EQ(experiment.runs[0].labels.at("framework"), "SNQN(gamma=0)");
  EXPECT_EQ(experiment.runs[1].labels.at("framework"), "snqn(gamma=1)");
}

TEST_F(Names, MergeParametersOfOnePluginAcrossFiles) {
  write("base.yaml", "backbone: {gru4rec: {width: 32, blocks: 2}}\n");
  const RunSpec run = load(
                          "extends: base.yaml\ndata: {name: small}\nbackbone: {GRU4Rec: {width: "
                          "16}}\nframework: snqn\nseeds: [1]\n")
                          .runs.at(0)
                          .run;
  EXPECT_EQ(run.backbone.params["width"], 16);
  EXPECT_EQ(run.backbone.params["blocks"], 2);
}

TEST_F(Names, OfDeclaredEnvironmentsAreMatchedWithoutCase) {
  const std::string declared =
      std::string(kBase) +
      "environments: {Mine: {le: {portion: 0.3}}, mixed: {shuffled: {of: mine}}}\n";
  EXPECT_EQ(hash(declared + "reward: MINE\n"), hash(declared + "reward: Mine\n"));
  EXPECT_EQ(hash(declared + "reward: Mixed\n"),
            hash(declared + "reward: {shuffled: {of: Mine}}\n"));
  const Experiment experiment =
      load(declared + "reward: mine\ngrid: {environments.mine.portion: [0.3, 0.5]}\n");
  EXPECT_EQ(experiment.runs.at(1).run.reward.params["portion"], 0.5);
  EXPECT_EQ(load(declared + "reward: mine\n", {}).runs.at(0).run.reward.params["portion"], 0.3);
}

TEST_F(Names, ThatCanMeanTwoThingsAreRefused) {
  const std::string base(kBase);
  EXPECT_EQ(error_of(base + "environments: {LE: {le: {portion: 0.3}}}\nreward: le\n"),
            "spec.yaml:6:9: reward: `le` can mean LE or lea.le; write one of them exactly");
  const std::string two = base + "environments: {ab: le, AB: {le: {portion: 0.3}}}\n";
  EXPECT_EQ(error_of(two + "reward: Ab\n"),
            "spec.yaml:6:9: reward: `Ab` can mean AB or ab; write one of them exactly");
  EXPECT_EQ(load(two + "reward: AB\n").runs.at(0).run.reward.params["portion"], 0.3);
  EXPECT_THAT(
      error_of(base + "grid: {backbone: [Twice]}\n"),
      HasSubstr("`Twice` is ambiguous: it can be lea.twice, other.twice; write the full id"));
  EXPECT_EQ(load("data: {name: small}\nbackbone: OTHER.Twice\nframework: snqn\nseeds: [1]\n")
                .runs.at(0)
                .run.backbone.id,
            "other.twice");
}

TEST_F(Names, ThatAreWrongAreCorrectedWithoutCase) {
  EXPECT_THAT(error_of(std::string(kBase) + "reward: SHUFLED\n"),
              HasSubstr("unknown environment `SHUFLED`, did you mean `shuffled`?"));
}

TEST(CatalogueNames, PreferTheExactSpelling) {
  const PluginCatalogue catalogue({backbone("lea.net"), backbone("other.NET")});
  EXPECT_EQ(catalogue.find("backbone", "net")->id, "lea.net");
  EXPECT_EQ(catalogue.find("backbone", "NET")->id, "other.NET");
  EXPECT_EQ(catalogue.find("backbone", "OTHER.net")->id, "other.NET");
  EXPECT_THROW(catalogue.find("backbone", "Net"), ConfigError);
  EXPECT_EQ(catalogue.find("backbone", "nets"), nullptr);
}

TEST(Presets, AreThoseThatShip) {
  EXPECT_THAT(preset_names(),
              ElementsAre("anchor", "anchor_matched", "le_fast", "le_films", "le_music",
                          "le_products", "paper", "reference", "training_free"));
}

TEST_F(Names, OfPresetsThatDoNotExistAreToldWithThoseThatDo) {
  EXPECT_EQ(
      error_of(std::string(kBase) + "extends: papr\n"),
      "spec.yaml:5:10: extends: no preset is called `papr`, did you mean `paper`? (there are: "
      "anchor, anchor_matched, le_fast, le_films, le_music, le_products, paper, reference, "
      "training_free); a file is named by its path, such as ./papr");
  EXPECT_EQ(error_of(std::string(kBase) + "extends: [presets/paper.yaml]\n"),
            "spec.yaml:5:11: extends: presets/paper.yaml: does not exist; the preset of this name "
            "is called `paper`, without a folder and an ending");
}

}  // namespace
}  // namespace lea::spec
