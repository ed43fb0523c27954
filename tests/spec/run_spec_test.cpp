#include "core/spec/run_spec.h"

#include <gmock/gmock.h>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/spec/plugin_info.h"
#include "core/spec/yaml.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

class RunSpecTest : public SpecTest {
 protected:
  RunSpec run() {
    write("split.tsv", "user_id\tpart\n");
    write("rewards.tsv", "1\n");
    return load(std::string(kBase) +
                "split: {by: file, path: split.tsv}\n"
                "environments: {t: {table: {rewards: rewards.tsv}}, s: {shuffled: {of: t}}}\n"
                "reward: s\n"
                "state: {of: t, combine: replace}\n"
                "augment: {of: random, q_weight: 1e-20}\n")
        .runs.at(0)
        .run;
  }
  static std::string error_of(const json& document) {
    try {
      run_from_json(document, "run.yaml");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(RunSpecTest, SurvivesTheWayThroughJsonAndYaml) {
  const RunSpec first = run();
  const json document = to_json(first);
  EXPECT_EQ(to_json(run_from_json(document, "x")), document);
  publish_file(path("run.yaml"), dump_yaml(document));
  const RunSpec back = load_run(path("run.yaml"));
  EXPECT_EQ(to_json(back), document);
  EXPECT_EQ(run_hash(back), run_hash(first));
}

TEST_F(RunSpecTest, SpellsOutEveryDefaultAndEveryId) {
  const json document = to_json(run());
  EXPECT_EQ(document["backbone"], json::parse(R"({"id": "lea.gru4rec", "params":
      {"width": 64, "blocks": 1, "dropout": 0.1}})"));
  EXPECT_EQ(document["train"]["batch_size"], 256);
  EXPECT_EQ(document["state_use"], (json{{"combine", "replace"}, {"project", 0}}));
  EXPECT_EQ(document["reward"]["params"]["of"]["id"], "lea.table");
  EXPECT_EQ(document["reward"]["params"]["of"]["params"]["rewards"]["sha256"], sha256("1\n"));
}

TEST_F(RunSpecTest, TheHashForgetsPlacesAndLoggingAndNothingElse) {
  const RunSpec first = run();
  const std::string hash = run_hash(first);
  EXPECT_EQ(hash.size(), 64u);
  RunSpec other = first;
  other.data.path = "/elsewhere";
  other.data.format = "recbole";
  other.train.log_every = 7;
  other.train.keep = "nothing";
  other.evaluate.test = false;
  other.split.path = "/elsewhere/split.tsv";
  other.state.params["rewards"]["path"] = "/elsewhere/rewards.tsv";
  other.reward.params["of"]["params"]["rewards"]["path"] = "/elsewhere/rewards.tsv";
  EXPECT_EQ(run_hash(other), hash);

  const auto differs = [&](auto change) {
    RunSpec changed = first;
    change(changed);
    return run_hash(changed) != hash;
  };
  EXPECT_TRUE(differs([](RunSpec& r) { r.seed = 2; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.data.name = "other"; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.split_sha256 = "00"; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.train.threads = 2; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.augment_use.q_weight = 0; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.backbone.params["width"] = 32; }));
  EXPECT_TRUE(
      differs([](RunSpec& r) { r.reward.params["of"]["params"]["rewards"]["sha256"] = "00"; }));
  EXPECT_TRUE(differs([](RunSpec& r) { r.reads_negatives = false; }));
}

TEST_F(RunSpecTest, TheRunsOfACellShareItsKey) {
  const RunSpec first = run();
  const std::string key = cell_key(first);
  EXPECT_EQ(key.size(), 64u);
  EXPECT_NE(key, run_hash(first));
  RunSpec other = first;
  other.seed = 2;
  EXPECT_EQ(cell_key(other), key);
  other.data.path = "/elsewhere";
  other.train.log_every = 7;
  EXPECT_EQ(cell_key(other), key);
  other.train.threads = 2;
  EXPECT_NE(cell_key(other), key);
}

TEST_F(RunSpecTest, TheEssentialSettingsKeepTheSeedAndTheSumsOfFiles) {
  const RunSpec first = run();
  json expected = to_json(first);
  expected["data"].erase("path");
  expected["data"].erase("format");
  expected["train"].erase("log_every");
  expected["split"]["path"].erase("path");
  expected["state"]["params"]["rewards"].erase("path");
  expected["reward"]["params"]["of"]["params"]["rewards"].erase("path");
  EXPECT_EQ(essential_settings(to_json(first)), expected);
  EXPECT_EQ(expected["seed"], 1);
  EXPECT_EQ(expected["split"]["path"]["sha256"], sha256("user_id\tpart\n"));
}

TEST_F(RunSpecTest, TheEssentialSettingsOfAnIncompleteDocumentAreWhatItHas) {
  EXPECT_EQ(essential_settings(json()), json());
  EXPECT_EQ(essential_settings({{"train", nullptr}, {"data", {{"path", "x"}, {"name", "a"}}}}),
            json({{"train", nullptr}, {"data", {{"name", "a"}}}}));
}

TEST_F(RunSpecTest, TheHashOfAKnownRunStaysWhatItIs) {
  // A changed value here makes every finished run of every lab count as not done: change it
  // knowingly.
  RunSpec run;
  run.data.name = "small";
  run.framework = {"lea.popularity", json::object()};
  run.reads_train = run.reads_negatives = false;
  run.seed = 0;
  EXPECT_EQ(run_hash(run), "eb612d6c2cd36caae35d3793cbecffd8cdaf93bc46520dfbf60786520c18a5cc");
}

TEST_F(RunSpecTest, RefusesADamagedDocument) {
  json good = to_json(run());
  json bad = good;
  bad.erase("seed");
  EXPECT_EQ(error_of(bad), "run.yaml: seed: is missing");
  bad = good;
  bad["trian"] = 1;
  EXPECT_EQ(error_of(bad), "run.yaml: trian: unknown key, did you mean `train`?");
  bad = good;
  bad["train"]["batch_size"] = "256";
  EXPECT_EQ(error_of(bad),
            "run.yaml: train: batch_size: must be an integer from 1 to 1000000, but is \"256\"");
  bad = good;
  bad["backbone"] = {{"id", "lea.gru4rec"}};
  EXPECT_EQ(error_of(bad), "run.yaml: backbone: must be null or a map of `id` and `params`");
  bad = good;
  bad["framework"] = nullptr;
  EXPECT_EQ(error_of(bad), "run.yaml: framework: a run needs one");
  bad = good;
  bad["seed"] = -1;
  EXPECT_EQ(error_of(bad), "run.yaml: seed: must be an integer from 0 to 9e+15, but is -1");
  EXPECT_EQ(error_of(json::array()), "run.yaml: must be a map of sections");
}

TEST_F(RunSpecTest, ReadsAnOlderDocumentThatLacksANewParameter) {
  json old = to_json(run());
  old["train"].erase("min_steps");
  EXPECT_EQ(run_from_json(old, "x").train.min_steps, 0);
}

TEST_F(RunSpecTest, LoadSaysWhereABrokenFileIsBroken) {
  write("run.yaml", "data: {name: a\nseed: 1\n");
  try {
    load_run(path("run.yaml"));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith(path("run.yaml") + ":"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("is not YAML"));
  }
}

TEST(DumpYaml, IsBlockStyleWithSortedKeys) {
  EXPECT_EQ(dump_yaml(json::parse(R"({"b": [1, 2.5, "x"], "a": {"d": {}, "c": null}, "e": []})")),
            "a:\n  c: null\n  d: {}\nb:\n  - 1\n  - 2.5\n  - x\ne: []\n");
}

TEST_F(SpecTest, DumpYamlQuotesWhatWouldReadAsSomethingElse) {
  const json document = {
      {"a", "true"},  {"b", "1e3"},    {"c", ""},      {"d", "null"},
      {"e", "a: b"},  {"f", "- x"},    {"g", "tab\t"}, {"h", "~"},
      {"i", "12:30"}, {"j", "c\"\\n"}, {"k", "é"},     {"l", 1.0},
      {"m", 1e300},   {"n", -5},       {"o", "no"},    {"p", json::array({json::array({1})})},
      {"q w", true},  {"#", "#x"},     {"y", "/a/b.c"}};
  publish_file(path("x.yaml"), dump_yaml(document));
  Errors errors;
  const auto source = std::make_shared<const Source>(Source{"x.yaml", "", 0, true});
  const NodePtr node = read_yaml(path("x.yaml"), source, errors);
  errors.throw_if_any();
  const json back = plain_json(*node);
  EXPECT_EQ(back, document);
  EXPECT_TRUE(back["l"].is_number_float()) << "1.0 must stay a real number";
}

TEST(RunHash, IsTheSameForManySeedsAtOnce) {
  RunSpec run;
  run.data.name = "small";
  run.framework.id = "lea.snqn";
  std::vector<std::string> one_by_one;
  for (const int64_t seed : {1, 7, 3}) {
    run.seed = seed;
    one_by_one.push_back(run_hash(run));
  }
  EXPECT_EQ(run_hashes(run, {1, 7, 3}), one_by_one);
}

TEST_F(SpecTest, AClosedTestPartIsInTheDocumentOfItsRunAndNotInItsHash) {
  const PlannedRun plain = load(kBase).runs.at(0);
  EXPECT_FALSE(to_json(plain.run).at("evaluate").contains("test"));
  const PlannedRun closed = load(std::string(kBase) + "evaluate: {test: false}\n").runs.at(0);
  EXPECT_EQ(to_json(closed.run).at("evaluate").at("test"), false);
  EXPECT_FALSE(run_from_json(to_json(closed.run), "x").evaluate.test);
  EXPECT_EQ(closed.hash, plain.hash);
  EXPECT_EQ(cell_key(closed.run), cell_key(plain.run));
  const Experiment opened =
      load(std::string(kBase) + "evaluate: {test: false}\n", {"evaluate.test=true"});
  EXPECT_TRUE(opened.runs.at(0).run.evaluate.test);
  EXPECT_EQ(opened.runs.at(0).hash, plain.hash);
  EXPECT_EQ(opened.resolved.at("evaluate").at("test"), true);
}

}  // namespace
}  // namespace lea::spec
