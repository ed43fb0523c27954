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
           "has none for other sampled items; state `negatives: {from: pool, pool: P}`";
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
  EXPECT_EQ(error_of(std::string(kBase) + "reward: le\nnegatives: {from: pool, pool: 5}\n"), "");
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
  const RunSpec run = load(text + "negatives: {from: pool, pool: 5, seed: 3}\n").runs.at(0).run;
  EXPECT_TRUE(run.reads_negatives);
  EXPECT_EQ(to_json(run)["negatives"]["seed"], 3);
  EXPECT_FALSE(load("data: {name: a}\nbackbone: gru4rec\nframework: sqn\nseeds: [1]\n"
                    "negatives: {from: pool, pool: 5}\n")
                   .runs.at(0)
                   .run.reads_negatives)
      << "with another reward nothing reads it";
}

TEST_F(PoolTest, MustStateItsSize) {
  const std::string required =
      ": negatives.pool: is required by `from: pool`: the number of items that are drawn once for "
      "each training event, for example `negatives: {from: pool, pool: 100}`";
  const std::string base = kBase;
  EXPECT_EQ(error_of(base + "negatives: {count: 2, from: pool}\n"), "spec.yaml:5:29" + required);
  EXPECT_EQ(error_of(base + "reward: le\nnegatives: {from: pool}\n"), "spec.yaml:6:19" + required);
  EXPECT_EQ(error_of(base, {"negatives.from=pool"}), "--set negatives.from=pool" + required);
  EXPECT_EQ(error_of(base + "negatives: {from: pool}\n", {"negatives.pool=7"}), "");
  EXPECT_EQ(error_of(base + "grid: {negatives.pool: [1, 2]}\nnegatives: {from: pool}\n"), "");
  EXPECT_EQ(error_of(base + "negatives: {pool: 7}\n"), "") << "not used, as before";
}

TEST_F(PoolTest, TheItemsThatAreNeverDrawnAreASettingThatWasAddedLater) {
  const auto run = [&](const std::string& negatives) {
    return load(std::string(kBase) + "negatives: {from: pool, pool: 5" + negatives + "}\n")
        .runs.at(0);
  };
  EXPECT_EQ(run(", exclude: target").hash, run("").hash);
  EXPECT_NE(run(", exclude: history").hash, run("").hash);
  EXPECT_NE(run(", exclude: sequence").hash, run(", exclude: history").hash);
  EXPECT_FALSE(to_json(run("").run)["negatives"].contains("exclude"));
  EXPECT_EQ(run(", exclude: sequence").run.negatives.exclude, "sequence");
}

}  // namespace
}  // namespace lea::spec
