// What a table says of the environments of its rows: the order of prompts, and whether runs share
// one.
#include <gmock/gmock.h>

#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class EnvironmentNotes : public ReportTest {
 protected:
  static json le(const std::string& order, int64_t seed = 1) {
    return {{"id", "lea.le"}, {"params", {{"order", order}, {"seed", seed}}}};
  }
  static json wrapped(const json& inner) {
    return {{"id", "lea.shuffled"}, {"params", {{"of", inner}}}};
  }
  // A run that used an adapter and rewards with keys that begin so.
  db::RunRow used(const std::string& framework, int64_t seed, const json& reward,
                  const std::string& keys) {
    db::RunRow row = run("sasrec", framework, seed);
    row.spec["reward"] = reward;
    for (const char* kind : {"adapter", "rewards"}) {
      row.result["artefacts"].push_back({{"key", keys + kind},
                                         {"name", std::string(kind) + " of lea.le"},
                                         {"sha256", std::string(64, 'e')}});
    }
    return row;
  }
};

TEST_F(EnvironmentNotes, NameTheOrderOfPromptsOnceWhenAllRowsShareIt) {
  put(used("snqn", 1, le("hoisted"), "a"), 0.04);
  put(used("sa2c", 1, wrapped(le("hoisted")), "a"), 0.04);
  put(run("sasrec", "supervised", 1), 0.04);
  EXPECT_THAT(table("text"), HasSubstr("\nOrder of prompts: hoisted (lea.le).\n"));
}

TEST_F(EnvironmentNotes, NameTheRowsOfEachOrderWhereTheyDiffer) {
  put(used("snqn", 1, le("hoisted"), "a"), 0.04);
  db::RunRow states = run("sasrec", "sa2c", 1);
  states.spec["state"] = le("paper");
  put(states, 0.04);
  db::RunRow proposed = run("sasrec", "sac", 1);
  proposed.spec["augment"] = {{"id", "lea.le"}, {"params", {{"of", le("paper")}}}};
  put(proposed, 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Order of prompts: hoisted (lea.le) in sasrec snqn; paper (lea.le) in "));
}

TEST_F(EnvironmentNotes, NameTheSlotsOfTwoOrdersInOneRun) {
  db::RunRow row = used("snqn", 1, wrapped(le("hoisted")), "a");
  row.spec["state"] = le("paper");
  row.spec["augment"] = {{"id", "lea.le"}, {"params", {{"of", le("hoisted")}}}};
  put(row, 0.04);
  EXPECT_THAT(table("text"),
              HasSubstr("Order of prompts: hoisted (lea.le in reward and augment) in sasrec snqn; "
                        "paper (lea.le in state) in sasrec snqn.\n"));
}

TEST_F(EnvironmentNotes, NameNoOrderWithoutSuchAnEnvironment) {
  db::RunRow row = run("sasrec", "snqn", 1);
  row.spec["reward"] = {{"id", "my.chain"}, {"params", {{"order", 2}}}};
  put(row, 0.04);
  EXPECT_THAT(table("text"), Not(HasSubstr("Order of prompts")));
}

TEST_F(EnvironmentNotes, SayThatTheIntervalOfRunsWithOneEnvironmentIsConditional) {
  put(used("snqn", 1, le("hoisted"), "a"), 0.04);
  put(used("snqn", 2, le("hoisted"), "a"), 0.05);
  put(used("sa2c", 1, le("hoisted"), "a"), 0.04);  // a single run has no interval
  EXPECT_THAT(table("text"),
              HasSubstr("One environment: sasrec snqn: all runs of the row share one making of "
                        "lea.le, with one seed of its own. So the interval over runs is "
                        "conditional on it: it does not contain how much another seed of the "
                        "environment changes. `zip: {seed: [1, 2], environments.NAME.seed: [1, "
                        "2]}` gives each run its own.\n"));
}

TEST_F(EnvironmentNotes, SayNothingWhereEachSeedHasItsOwn) {
  for (const int64_t seed : {1, 2}) {
    db::RunRow row = used("snqn", seed, wrapped(le("hoisted", seed)), "key" + std::to_string(seed));
    row.axes = {"backbone", "framework", "seed", "environments.le.seed"};
    row.labels["seed"] = row.labels["environments.le.seed"] = std::to_string(seed);
    put(row, 0.04);
  }
  const std::string text = table("text");
  EXPECT_EQ(json::parse(table("json")).at("rows").size(), 1u);
  EXPECT_THAT(text, Not(HasSubstr("One environment")));
}

TEST_F(EnvironmentNotes, SayNothingOfAnEnvironmentWithoutASeed) {
  for (const int64_t seed : {1, 2}) {
    db::RunRow row = used("snqn", seed, le("hoisted"), "a");
    row.spec["reward"]["params"].erase("seed");
    put(row, 0.04);
  }
  EXPECT_THAT(table("text"), Not(HasSubstr("One environment")));
}

TEST_F(EnvironmentNotes, RepeatWhatTheMakersOfArtefactsWarnedOf) {
  const auto with = [&](const std::string& framework, const std::string& kind,
                        const json& quality) {
    db::RunRow row = used(framework, 1, le("hoisted"), framework);
    row.result["artefacts"].push_back({{"key", framework + kind},
                                       {"name", kind + " of lea.le"},
                                       {"sha256", std::string(64, 'e')},
                                       {"quality", quality}});
    return row;
  };
  put(with("snqn", "adapter", {{"diverged", 1}, {"state_cosine", 0.9}}), 0.04);
  put(with("sa2c", "states", {{"diverged", 0}, {"state_cosine", 0.954}}), 0.04);
  put(with("sac", "tokens", {{"items_without_text", 1200}}), 0.04);
  put(with("sqn", "tokens", {{"items_without_text", 0}, {"state_cosine.inside", 0.99}}), 0.04);
  const std::string text = table("text");
  EXPECT_THAT(
      text, HasSubstr("\nDiverged: sasrec snqn: adapter of lea.le: the training diverged, and the "
                      "parameters from before that are used. State a lower `learning_rate`, more "
                      "`warm_up_steps`, or `clip: 1`.\n"));
  EXPECT_THAT(text, HasSubstr("\nCollapsed states: sasrec sa2c: state_cosine of states of lea.le "
                              ".954: states of different histories are nearly equal, so they tell "
                              "the recommender little. `state_loss: softmax` with a `state_scale` "
                              "below 1 keeps states apart.\n"));
  EXPECT_THAT(text, HasSubstr("\nItems without text: sasrec sac: tokens of lea.le 1,200. The "
                              "environment cannot tell these items apart. Import the data set "
                              "again with texts for them, or name more columns of texts.\n"));
}

TEST_F(EnvironmentNotes, SayNothingOfArtefactsWhoseMakersWarnedOfNothing) {
  db::RunRow row = used("snqn", 1, le("hoisted"), "a");
  row.result["artefacts"][0]["quality"] = {
      {"diverged", 0}, {"state_cosine", 0.9}, {"items_without_text", 0}};
  put(row, 0.04);
  const std::string text = table("text");
  for (const char* remark : {"Diverged", "Collapsed states", "Items without text"})
    EXPECT_THAT(text, Not(HasSubstr(remark)));
}

TEST_F(EnvironmentNotes, SayWhereAStateIsJoinedThatIsMuchWiderThanTheBackbone) {
  const auto with_state = [&](const std::string& framework, int64_t width, const json& use) {
    db::RunRow row = run("sasrec", framework, 1);
    train(&row, 100, 100, 100, 100);
    row.spec["state"] = {{"id", "my.states"}, {"params", json::object()}};
    row.spec["state_use"] = use;
    row.result.update({{"state_width", width}, {"backbone_width", 64}});
    return row;
  };
  put(with_state("snqn", 2048, {{"combine", "concat"}, {"project", 0}}), 0.04);
  put(with_state("sa2c", 2048, {{"combine", "concat"}, {"project", 64}}), 0.04);
  put(with_state("sqn", 2048, {{"combine", "replace"}, {"project", 0}}), 0.04);
  put(with_state("sac", 256, {{"combine", "concat"}, {"project", 0}}), 0.04);  // four times
  EXPECT_THAT(table("text"),
              HasSubstr("\nWide state: sasrec snqn: the environment's state of width 2,048 is "
                        "joined as it is to a hidden state of width 64, so most of what the "
                        "Q-head reads, and its scale, are the environment's. `state: {of: NAME, "
                        "project: 64}` projects it first.\n"));
}

}  // namespace
}  // namespace lea::report
