// An environment whose rewards are looked up has none for a sampled item outside the pool.
#include <gtest/gtest.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

class PoolTest : public SpecTest {
 protected:
  PluginCatalogue catalogue() const override {
    std::vector<PluginInfo> plugins = small_catalogue().all();
    for (PluginInfo& plugin : plugins) plugin.needs_pool = plugin.id == "lea.le";
    plugins.push_back(framework("lea.sqn", {"backbone", "reward", "train"}));
    return PluginCatalogue(std::move(plugins));
  }
  static std::string refusal(const std::string& place) {
    return place +
           ": negatives.from: must be `pool`, because the rewards of lea.le are looked up and it "
           "has none for other sampled items; state `negatives: {from: pool}`";
  }
};

TEST_F(PoolTest, RefusesARewardThatIsLookedUpWithoutAPool) {
  EXPECT_EQ(error_of(std::string(kBase) + "reward: le\n"), refusal("spec.yaml:5:9"));
  EXPECT_EQ(error_of(std::string(kBase) + "reward: le\nnegatives: {count: 2}\n"),
            refusal("spec.yaml:5:9"));
  EXPECT_EQ(error_of(std::string(kBase) + "reward: le\nnegatives: {from: uniform}\n"),
            refusal("spec.yaml:6:19"))
      << "where the wrong value is stated, if it is";
}

TEST_F(PoolTest, FindsItInsideOtherEnvironments) {
  EXPECT_EQ(error_of(std::string(kBase) + "reward: {shuffled: {of: {shuffled: {of: le}}}}\n"),
            refusal("spec.yaml:5:10"));
  EXPECT_EQ(
      error_of(std::string(kBase) + "environments: {a: le, b: {shuffled: {of: a}}}\nreward: b\n"),
      refusal("spec.yaml:6:9"));
}

TEST_F(PoolTest, AcceptsAStatedPoolAndOtherUses) {
  EXPECT_EQ(error_of(std::string(kBase) + "reward: le\nnegatives: {from: pool}\n"), "");
  EXPECT_EQ(error_of(std::string(kBase) + "state: le\n"), "") << "a state needs no pool";
  EXPECT_EQ(error_of(std::string(kBase) + "reward: {shuffled: {of: predefined}}\n"), "");
  EXPECT_EQ(error_of("data: {name: a}\nbackbone: gru4rec\nframework: supervised\nreward: le\n"
                     "seeds: [1]\n"),
            "")
      << "the framework reads no rewards";
}

TEST_F(PoolTest, ThePoolIsPartOfARunThatSamplesNothingItself) {
  const std::string text =
      "data: {name: a}\nbackbone: gru4rec\nframework: sqn\nreward: le\nseeds: [1]\n";
  EXPECT_EQ(error_of(text), refusal("spec.yaml:4:9"));
  const RunSpec run = load(text + "negatives: {from: pool, seed: 3}\n").runs.at(0).run;
  EXPECT_TRUE(run.reads_negatives);
  EXPECT_EQ(to_json(run)["negatives"]["seed"], 3);
  EXPECT_FALSE(load("data: {name: a}\nbackbone: gru4rec\nframework: sqn\nseeds: [1]\n"
                    "negatives: {from: pool}\n")
                   .runs.at(0)
                   .run.reads_negatives)
      << "with another reward nothing reads it";
}

}  // namespace
}  // namespace lea::spec
