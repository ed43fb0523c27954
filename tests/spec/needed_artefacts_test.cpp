#include "core/spec/needed_artefacts.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::spec {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// `le` makes an adapter, and states and rewards from it; `mixed` makes its own rewards from those
// of the environment in `of`; `lists` makes states that its augmenter needs as well; `plain` makes
// nothing.
std::vector<Artefact> artefacts_of(const std::string& kind, const std::string& id) {
  if (kind == "environment" && id == "test.le") {
    return {{"adapter", "", {"rank", "file"}, {"texts", "training"}, "", 1},
            {"states", "adapter", {}, {"training", "history"}, "state", 2},
            {"rewards", "adapter", {}, {"training", "history", "pool"}, "reward", 1}};
  }
  if (kind == "environment" && id == "test.mixed")
    return {{"mix", "of.rewards", {"seed"}, {"training"}, "reward", 1}};
  if (kind == "environment" && id == "test.lists") {
    return {{"states", "", {}, {"training"}, "state augment", 1},
            {"lists", "", {}, {"training"}, "augment", 1},
            {"labels", "", {}, {"training"}, "augment.select=labels", 1},
            {"rewards", "", {}, {"training"}, "reward", 1}};
  }
  return {};
}

json le(int rank = 8) {
  return {
      {"id", "test.le"},
      {"params", {{"rank", rank}, {"speed", 3}, {"file", {{"path", "/a"}, {"sha256", "abc"}}}}}};
}
PluginUse use(const json& value) { return {value.at("id"), value.at("params")}; }
json mixed(const json& of) { return {{"id", "test.mixed"}, {"params", {{"of", of}, {"seed", 1}}}}; }

std::vector<std::string> kinds_of(const RunSpec& run) {
  std::vector<std::string> kinds;
  for (const NeededArtefact& needed : needed_artefacts(run, artefacts_of))
    kinds.push_back(needed.artefact.kind +
                    (needed.after ? " after " + std::to_string(*needed.after) : ""));
  return kinds;
}

const ReadSums kSums = {{"training", "t1"}, {"texts", "x1"}, {"history", "h1"}, {"pool", "p1"}};

TEST(NeededArtefacts, AreThoseOfTheSlotsAfterWhatTheyAreMadeFrom) {
  RunSpec run;
  EXPECT_TRUE(kinds_of(run).empty());
  run.reward = use(le());
  EXPECT_THAT(kinds_of(run), ElementsAre("adapter", "rewards after 0"));
  run.state = use(le());
  EXPECT_THAT(kinds_of(run), ElementsAre("adapter", "rewards after 0", "states after 0"));
  run.reward = {};
  EXPECT_THAT(kinds_of(run), ElementsAre("adapter", "states after 0"));
}

// "SLOT SLOT" of each.
std::vector<std::string> uses_of(const RunSpec& run) {
  std::vector<std::string> uses;
  for (const NeededArtefact& needed : needed_artefacts(run, artefacts_of))
    uses.push_back(joined({needed.used_in.begin(), needed.used_in.end()}, " "));
  return uses;
}

TEST(NeededArtefacts, NameTheSlotsOfTheRunThatNeedThem) {
  RunSpec run;
  run.reward = use(mixed(le()));
  run.state = use(le());
  // adapter, rewards, mix, states
  EXPECT_THAT(uses_of(run), ElementsAre("reward state", "reward", "reward", "state"));
  run.augment = {"test.best", {{"of", le(4)}}};
  // and another adapter
  EXPECT_THAT(uses_of(run), ElementsAre("reward state", "reward", "reward", "state", "augment"));
}

TEST(NeededArtefacts, OfAWrapperAreThoseOfTheInnerEnvironmentInTheSameSlot) {
  RunSpec run;
  run.reward = use(mixed(le()));
  EXPECT_THAT(kinds_of(run), ElementsAre("adapter", "rewards after 0", "mix after 1"));
}

TEST(NeededArtefacts, OfAnAugmenterAreNoRewardsOfAPoolThatTheRunMayLack) {
  RunSpec run;
  run.augment = {"test.best", {{"of", le()}}};
  EXPECT_THAT(kinds_of(run), ElementsAre("adapter"));
}

TEST(NeededArtefacts, MayBeNeededInSeveralSlots) {
  const json lists = {{"id", "test.lists"}, {"params", json::object()}};
  RunSpec run;
  run.reward = use(lists);
  EXPECT_THAT(kinds_of(run), ElementsAre("rewards"));
  run.reward = {};
  run.state = use(lists);
  EXPECT_THAT(kinds_of(run), ElementsAre("states"));
  run.state = {};
  run.augment = {"test.best", {{"of", lists}}};
  EXPECT_THAT(kinds_of(run), ElementsAre("states", "lists"));
  run.state = use(lists);
  EXPECT_THAT(kinds_of(run), ElementsAre("states", "lists")) << "each is there once";
}

TEST(NeededArtefacts, MayBeNeededBehindOneKindOfAugmenter) {
  const json lists = {{"id", "test.lists"}, {"params", json::object()}};
  RunSpec run;
  run.augment = {"test.chosen", {{"of", lists}, {"select", "labels"}}};
  EXPECT_THAT(kinds_of(run), ElementsAre("states", "lists", "labels"));
  run.augment.params["select"] = "reward";
  EXPECT_THAT(kinds_of(run), ElementsAre("states", "lists"));
}

TEST(NeededArtefacts, AreRefusedWhenTheEnvironmentDoesNotMakeWhatTheyAreMadeFrom) {
  RunSpec run;
  run.reward = use(mixed({{"id", "test.plain"}, {"params", json::object()}}));
  try {
    needed_artefacts(run, artefacts_of);
    FAIL() << "was not refused";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("environment test.mixed mix is made from the rewards of "
                                        "test.plain, which makes no artefact"));
  }
}

TEST(ArtefactKey, IsTheSumOfItsDocument) {
  RunSpec run;
  run.state = use(le());
  const auto needed = needed_artefacts(run, artefacts_of);
  const auto keys = artefact_keys(needed, kSums);
  EXPECT_EQ(keys[0], sha256("lea-artefact 1\n"
                            R"({"after":"","kind":"adapter","params":{"file":{"sha256":"abc"},)"
                            R"("rank":8},"plugin":"environment test.le","reads":{"texts":"x1",)"
                            R"("training":"t1"},"revision":1})"));
  EXPECT_EQ(keys[1], sha256("lea-artefact 1\n{\"after\":\"" + keys[0] +
                            R"(","kind":"states","params":{},"plugin":"environment test.le",)"
                            R"("reads":{"history":"h1","training":"t1"},"revision":2})"));
}

TEST(ArtefactKey, ChangesWithWhatTheArtefactNamesAndWithNothingElse) {
  const auto key = [](const json& environment, const ReadSums& sums) {
    RunSpec run;
    run.reward = use(environment);
    return artefact_keys(needed_artefacts(run, artefacts_of), sums);
  };
  const auto base = key(le(), kSums);
  json other = le();
  other["params"]["speed"] = 4;
  other["params"]["file"]["path"] = "/elsewhere";
  EXPECT_EQ(key(other, kSums), base);
  EXPECT_NE(key(le(16), kSums)[0], base[0]);
  EXPECT_NE(key(le(16), kSums)[1], base[1]) << "it is made from another adapter";
  ReadSums pool = kSums;
  pool["pool"] = "p2";
  EXPECT_EQ(key(le(), pool)[0], base[0]) << "the adapter does not read the pool";
  EXPECT_NE(key(le(), pool)[1], base[1]);
}

// The keys of two artefacts that differ in their parameters alone are equal.
bool same_key(const std::vector<std::string>& declared, const json& one, const json& other) {
  const auto key = [&](const json& params) {
    const Artefact artefact = {"tokens", "", declared, {}, "", 1};
    return artefact_key({"environment", {"test.le", params}, artefact, std::nullopt}, {}, "");
  };
  return key(one) == key(other);
}

TEST(ArtefactKey, HoldsAParameterOnlyWhereItsConditionHolds) {
  const std::vector<std::string> title = {"items", "title if items=titles"};
  EXPECT_TRUE(same_key(title, {{"items", "tokens"}, {"title", "a"}},
                       {{"items", "tokens"}, {"title", "b"}}));
  EXPECT_FALSE(same_key(title, {{"items", "titles"}, {"title", "a"}},
                        {{"items", "titles"}, {"title", "b"}}));
  const std::vector<std::string> rate = {"steps", "rate unless steps=0"};
  EXPECT_TRUE(same_key(rate, {{"steps", 0}, {"rate", 0.1}}, {{"steps", 0}, {"rate", 0.2}}));
  EXPECT_FALSE(same_key(rate, {{"steps", 5}, {"rate", 0.1}}, {{"steps", 5}, {"rate", 0.2}}));
}

TEST(ArtefactKey, HoldsAParameterWhereAnyOfItsConditionsHolds) {
  const std::vector<std::string> seed = {"weights", "texts", "seed if weights=random",
                                         "seed if texts=shuffled"};
  const auto same = [&](const char* weights, const char* texts) {
    return same_key(seed, {{"weights", weights}, {"texts", texts}, {"seed", 1}},
                    {{"weights", weights}, {"texts", texts}, {"seed", 2}});
  };
  EXPECT_TRUE(same("trained", "own"));
  EXPECT_FALSE(same("random", "own"));
  EXPECT_FALSE(same("trained", "shuffled"));
}

TEST(ArtefactKey, ComparesNumbersAndBooleansByTheirValue) {
  const auto same = [](const std::string& condition, const json& value) {
    return same_key({"a " + condition}, {{"a", 1}, {"b", value}}, {{"a", 2}, {"b", value}});
  };
  EXPECT_TRUE(same("unless b=0", 0.0));
  EXPECT_TRUE(same("unless b=0.5", 0.5));
  EXPECT_FALSE(same("unless b=0", 1));
  EXPECT_FALSE(same("if b=true", true));
  EXPECT_TRUE(same("if b=true", false));
  EXPECT_TRUE(same("if b=1", "2")) << "a text";
  EXPECT_TRUE(same("if b={}", json::object())) << "no value of a condition";
  EXPECT_TRUE(same_key({"a if c=1"}, {{"a", 1}}, {{"a", 2}})) << "nothing decides";
}

TEST(ArtefactKey, IsThatOfTheParametersThatCount) {
  const json params = {{"items", "titles"}, {"title", "a"}};
  const auto key = [&](const std::vector<std::string>& declared) {
    return artefact_key(
        {"environment", {"test.le", params}, {"tokens", "", declared, {}, "", 1}, std::nullopt}, {},
        "");
  };
  EXPECT_EQ(key({"items", "title if items=titles"}), key({"items", "title"}));
}

TEST(GivenFiles, AreThoseOfAllPluginsEachOnce) {
  RunSpec run;
  EXPECT_TRUE(given_files(run).empty());
  run.reward = use(mixed(le()));
  run.state = use(le());
  run.augment = {"test.proposed",
                 {{"empty", ""}, {"proposals", {{"path", "/b"}, {"sha256", "d"}}}}};
  const std::vector<GivenFile> files = given_files(run);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].plugin_kind + " " + files[0].plugin_id + " " + files[0].parameter,
            "environment test.le file");
  EXPECT_EQ(files[0].path + " " + files[0].sha256, "/a abc");
  EXPECT_EQ(files[1].plugin_kind + " " + files[1].plugin_id + " " + files[1].parameter,
            "augmenter test.proposed proposals");
}

}  // namespace
}  // namespace lea::spec
