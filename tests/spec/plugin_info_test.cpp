#include "core/spec/plugin_info.h"

#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

struct Params {
  int64_t blocks = 2;
  double dropout = 0.5;
  bool twin = true;
  std::string note = "a \"b\"", target = "double", file = "x.tsv", of;
  std::vector<int64_t> k = {5, 10};
  std::vector<double> ratios = {0.8, 0.2};
  void fields(Fields& f) {
    f.integer("blocks", blocks, {1, 16}, "self-attention blocks");
    f.real("dropout", dropout, {0, std::numeric_limits<double>::infinity()}, "rate");
    f.boolean("twin", twin, "two networks");
    f.text("note", note, "words");
    f.choice("target", target, {"double", "plain"}, "targets");
    f.file("file", file, "a file", FileRows::kHistories);
    f.environment("of", of, "whose rewards");
    f.integers("k", k, {1, 100}, "cuts");
    f.reals("ratios", ratios, {0, 1}, "shares");
  }
};

struct Speaking {
  std::string model;
  void fields(Fields& f) { f.model("model", model, "a language model"); }
};

std::string error_of(const json& params) {
  try {
    to_values(describe_params<Params>(), params, "run.yaml: backbone");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

const json kEnvironment = {{"id", "lea.le"}, {"params", json::object()}};

TEST(PluginInfo, SurvivesTheWayThroughJson) {
  PluginInfo info = small_catalogue().all().front();
  info.params = describe_params<Params>();
  info.params.push_back(describe_params<Speaking>().front());
  info.params[0].not_above = info.params[1].name;
  info.params[1].added = true;
  info.uses = {"train"};
  info.min_negatives = 3;
  info.gives_state = true;
  info.needs_pool = true;
  info.artefacts = {{"adapter", "", {"blocks"}, {"texts", "training"}, "", 1},
                    {"states", "adapter", {}, {"history"}, "state augment.select=labels", 3},
                    {"rewards", "of.adapter", {"k"}, {"pool"}, "reward", 2}};
  info.sha256 = "ab";
  const json document = to_json(info);
  const PluginInfo back = plugin_from_json(json::parse(document.dump()));
  EXPECT_EQ(to_json(back), document);
  EXPECT_EQ(std::get<int64_t>(back.params[0].default_value), 2);
  EXPECT_EQ(std::get<std::vector<double>>(back.params[8].default_value),
            (std::vector<double>{0.8, 0.2}));
  EXPECT_TRUE(std::isinf(back.params[1].range.max));
  EXPECT_EQ(back.params[0].rows, FileRows::kOther);
  EXPECT_EQ(back.params[5].rows, FileRows::kHistories);
  EXPECT_FALSE(back.params[0].added);
  EXPECT_TRUE(back.params[1].added);
  EXPECT_TRUE(back.needs_pool);
  ASSERT_EQ(back.artefacts.size(), 3u);
  EXPECT_EQ(back.artefacts[1].after, "adapter");
  EXPECT_EQ(back.artefacts[1].reads, std::vector<std::string>{"history"});
  EXPECT_EQ(back.artefacts[1].slot, "state augment.select=labels");
  EXPECT_EQ(back.params[9].type, ParamType::kModel);
  EXPECT_TRUE(back.params[9].required);
  EXPECT_EQ(back.artefacts[1].revision, 3);
  EXPECT_EQ(back.artefacts[2].params, std::vector<std::string>{"k"});
}

std::string refusal(const json& description) {
  try {
    plugin_from_json(description);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(PluginInfo, RefusesADescriptionThatIsNotOne) {
  const json good = to_json(*small_catalogue().find("backbone", "gru4rec"));
  EXPECT_EQ(refusal(good), "");
  EXPECT_EQ(refusal(json::array()), "a plugin's description: must be an object, but is array");
  json bad = good;
  bad.erase("id");
  EXPECT_EQ(refusal(bad), "a plugin's description: id: is missing");
  bad = good;
  bad.erase("uses");
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: uses: is missing");
  bad = good;
  bad["uses"] = {1};
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: uses: must hold texts, but holds number");
  bad = good;
  bad["min_negatives"] = -1;
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: min_negatives: must be at least 0, but is -1");
  bad = good;
  bad["min_negatives"] = 1.5;
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: min_negatives: must be an integer, but is 1.5");
  bad = good;
  bad["gives_state"] = "yes";
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: gives_state: must be true or false, but is string");
}

TEST(PluginInfo, RefusesAParameterThatIsNotOne) {
  const json good = to_json(*small_catalogue().find("backbone", "gru4rec"));
  json bad = good;
  bad["params"] = 1;
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: params: must be a list");
  bad = good;
  bad["params"][1].erase("name");
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: params[1]: name: is missing");
  bad = good;
  bad["params"][0]["type"] = "complex";
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: parameter `width`: type: is unknown: `complex`");
  bad = good;
  bad["params"][0]["rows"] = "users";
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: parameter `width`: rows: is unknown: `users`");
  bad = good;
  bad["params"][0]["not_above"] = "height";
  EXPECT_EQ(refusal(bad),
            "plugin lea.gru4rec: parameter `width`: not_above: this and `height` must both be "
            "declared as numbers");
  bad = good;
  bad["params"][0]["default"] = 4097;
  EXPECT_EQ(refusal(bad),
            "plugin lea.gru4rec: parameter `width`: default: must be an integer from 1 to 4096, "
            "but is 4097");
  bad = good;
  bad["params"][0].erase("default");
  EXPECT_EQ(refusal(bad), "plugin lea.gru4rec: parameter `width`: default: is missing");
}

TEST(PluginInfo, RefusesAnAddedParameterWithoutADefault) {
  json bad = to_json(*small_catalogue().find("backbone", "gru4rec"));
  bad["params"][0]["added"] = true;
  EXPECT_EQ(refusal(bad), "");
  bad["params"][0]["required"] = true;
  EXPECT_EQ(refusal(bad),
            "plugin lea.gru4rec: parameter `width`: added: is declared for a required parameter, "
            "but only a parameter with a default can be added after a release");
  bad = to_json(*small_catalogue().find("environment", "shuffled"));
  bad["params"][0]["added"] = true;
  EXPECT_EQ(refusal(bad),
            "plugin lea.shuffled: parameter `of`: added: is declared for an environment, but only "
            "a parameter with a default can be added after a release");
}

TEST(PluginInfo, RefusesAnArtefactThatNamesWhatDoesNotExist) {
  const auto refused = [](std::vector<Artefact> artefacts) {
    PluginInfo info = *small_catalogue().find("environment", "le");
    info.artefacts = std::move(artefacts);
    const std::string before = "plugin lea.le: artefact ";
    const std::string reason = refusal(to_json(info));
    EXPECT_TRUE(reason.empty() || reason.starts_with(before)) << reason;
    return reason.substr(std::min(reason.size(), before.size()));
  };
  EXPECT_EQ(refused({{"rewards", "states", {"portion"}, {"pool"}, "", 1},
                     {"states", "", {}, {"texts", "training", "history"}, "state", 1}}),
            "")
      << "the order does not matter";
  EXPECT_EQ(refused({{"rewards", "", {"portions"}, {}, "", 1}}),
            "`rewards`: params: `portions` is no parameter of the plugin, did you mean `portion`? "
            "(there are: portion)");
  EXPECT_EQ(refused({{"rewards", "", {"portion unless portion=1"}, {}, "", 1}}), "");
  EXPECT_EQ(refused({{"rewards", "", {"portion if portions=1"}, {}, "", 1}}),
            "`rewards`: params: `portions` is no parameter of the plugin, did you mean `portion`? "
            "(there are: portion)");
  EXPECT_THAT(refused({{"rewards", "", {"portion if =1"}, {}, "", 1}}),
              testing::HasSubstr("params: `portion if =1` is no parameter of the plugin"));
  EXPECT_EQ(refused({{"rewards", "", {"portion if portion=half"}, {}, "", 1}}),
            "`rewards`: params: `portion if portion=half`: portion must be a number from 0 to 1, "
            "but is \"half\"");
  EXPECT_EQ(refused({{"rewards", "", {}, {"text"}, "", 1}}),
            "`rewards`: reads: `text` is no data that an artefact reads, did you mean `texts`? "
            "(there are: texts, training, history, pool)");
  EXPECT_EQ(refused({{"rewards", "", {}, {}, "state augment", 1}}), "");
  EXPECT_EQ(refused({{"rewards", "", {}, {}, "augment.select=labels", 1}}), "");
  EXPECT_EQ(refused({{"rewards", "", {}, {}, "state augments", 1}}),
            "`rewards`: slot: `augments` is no slot of an environment, did you mean `augment`? "
            "(there are: state, reward, augment)");
  EXPECT_EQ(refused({{"rewards", "state", {}, {}, "", 1}, {"states", "", {}, {}, "", 1}}),
            "`rewards`: after: `state` is no artefact of the plugin, did you mean `states`? (there "
            "are: rewards, states)");
  EXPECT_EQ(refused({{"rewards", "rewards", {}, {}, "", 1}}),
            "`rewards`: after: goes in a circle: `rewards`");
  EXPECT_EQ(refused({{"a", "b", {}, {}, "", 1}, {"b", "a", {}, {}, "", 1}}),
            "`a`: after: goes in a circle: `b`");
  EXPECT_EQ(refused({{"rewards", "of.adapter", {}, {}, "", 1}}),
            "`rewards`: after: `of.adapter` needs a parameter `of` that names an environment");
  EXPECT_EQ(refused({{"rewards", "", {}, {}, "", 0}}), "`rewards`: revision: must be at least 1");
  EXPECT_EQ(refused({{"of.a", "", {}, {}, "", 1}}),
            "`of.a`: kind: must be a word of lower-case letters, digits and underscores");
  EXPECT_EQ(refused({{"a", "", {}, {}, "", 1}, {"a", "", {}, {}, "", 2}}),
            "`a`: kind: is declared twice");
}

TEST(PluginInfo, RefusesAConditionOfAParameterThatARunMayLeaveOut) {
  PluginInfo info = *small_catalogue().find("environment", "le");
  ASSERT_EQ(info.params[0].name, "portion");
  info.params[0].added = true;
  info.artefacts = {{"rewards", "", {"portion if portion=0.5"}, {}, "", 1}};
  EXPECT_EQ(refusal(to_json(info)),
            "plugin lea.le: artefact `rewards`: params: `portion if portion=0.5`: `portion` cannot "
            "decide: it was added after a release, or is no choice, text, number or boolean");
}

TEST(PluginInfo, AnArtefactMayBeMadeFromOneOfAnotherEnvironment) {
  PluginInfo info = *small_catalogue().find("environment", "shuffled");
  info.artefacts = {{"rewards", "of.rewards", {}, {}, "reward", 1}};
  EXPECT_EQ(refusal(to_json(info)), "");
  info.artefacts[0].after = "of.";
  EXPECT_EQ(refusal(to_json(info)),
            "plugin lea.shuffled: artefact `rewards`: after: `of.` names no kind of artefact after "
            "`of.`");
  json bad = to_json(info);
  bad["artefacts"] = {{{"kind", "rewards"}}};
  EXPECT_EQ(refusal(bad), "plugin lea.shuffled: artefacts[0]: after: is missing");
  bad["artefacts"] = std::vector<int>(101);
  EXPECT_EQ(refusal(bad), "plugin lea.shuffled: artefacts: are 101, but a plugin has at most 100");
  bad["artefacts"] = json::object();
  EXPECT_EQ(refusal(bad), "plugin lea.shuffled: artefacts: must be a list");
}

struct Misdeclared {
  int64_t blocks = 1;
  bool first = false;  // says something about the parameter before it declares it
  void fields(Fields& f) {
    if (first) f.added("blocks");
    f.integer("blocks", blocks, {1, 16}, "blocks");
    f.ordered("block", "blocks");
  }
};

TEST(Params, RefuseAWordAboutWhatIsNotDeclared) {
  const auto refused = [](Misdeclared params) -> std::string {
    DescribeFields describe;
    try {
      params.fields(describe);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused({1, true}),
            "`fields` says something about the parameter `blocks` before it declares it");
  EXPECT_EQ(refused({1, false}),
            "`fields` says something about the parameter `block` before it declares it");
}

TEST(Catalogue, FindsByFullIdAndByAUniqueLastPart) {
  const PluginCatalogue catalogue = small_catalogue();
  ASSERT_NE(catalogue.find("framework", "snqn"), nullptr);
  EXPECT_EQ(catalogue.find("framework", "snqn"), catalogue.find("framework", "lea.snqn"));
  EXPECT_EQ(catalogue.find("backbone", "snqn"), nullptr) << "another kind";
  EXPECT_EQ(catalogue.find("backbone", "other.twice")->id, "other.twice");
}

TEST(Catalogue, RefusesAnAmbiguousShortName) {
  try {
    small_catalogue().find("backbone", "twice");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "`twice` is ambiguous: it can be lea.twice, other.twice; write the full id");
  }
}

TEST(ToValues, ConvertsEveryType) {
  const ParamValues values = to_values(describe_params<Params>(),
                                       {{"blocks", 3},
                                        {"dropout", 1},
                                        {"twin", false},
                                        {"note", "n"},
                                        {"target", "plain"},
                                        {"file", {{"path", "/a"}, {"sha256", "00"}}},
                                        {"of", kEnvironment},
                                        {"k", {1}},
                                        {"ratios", {1, 0.5}}},
                                       "x");
  const Params params = assign_params<Params>(values);
  EXPECT_EQ(params.blocks, 3);
  EXPECT_EQ(params.dropout, 1.0);
  EXPECT_FALSE(params.twin);
  EXPECT_EQ(params.target, "plain");
  EXPECT_EQ(params.file, "/a");
  EXPECT_EQ(params.of, R"({"id":"lea.le","params":{}})");
  EXPECT_EQ(params.k, std::vector<int64_t>{1});
  EXPECT_EQ(params.ratios, (std::vector<double>{1, 0.5}));
}

TEST(ToValues, GiveThePathOfAModelAndDemandOne) {
  const auto values = [](const json& params) {
    return to_values(describe_params<Speaking>(), params, "x");
  };
  const ParamValues path = values({{"model", {{"path", "/a"}, {"sha256", "00"}}}});
  EXPECT_EQ(assign_params<Speaking>(path).model, "/a");
  for (const json& wrong : {json(""), json(1), json{{"path", ""}, {"sha256", "00"}}}) {
    try {
      values({{"model", wrong}});
      FAIL() << wrong;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.what(),
                "x: model: must be the folder of a language model, or its name in the "
                "lab's models, but is " +
                    wrong.dump());
    }
  }
  EXPECT_THROW(values(json::object()), ConfigError);
}

struct Bounds {
  int64_t low = 1, high = 5;
  void fields(Fields& f) {
    f.integer("low", low, {0, 9}, "a bound");
    f.integer("high", high, {0, 9}, "a bound");
    f.ordered("low", "high");
    f.added("high");
  }
};

TEST(ToValues, ComparesWithTheDefaultOfAParameterThatIsLeftOut) {
  const std::vector<ParamInfo> infos = describe_params<Bounds>();
  EXPECT_EQ(to_values(infos, {{"low", 5}}, "x").size(), 1u);
  try {
    to_values(infos, {{"low", 6}}, "x");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "x: low: must not be above high (5), but is 6");
  }
}

TEST(ToValues, RefusesUnknownNamesWrongTypesAndRanges) {
  const std::string where = "run.yaml: backbone: ";
  EXPECT_EQ(
      error_of({{"of", kEnvironment}, {"block", 1}}),
      where +
          "block: unknown parameter, did you mean `blocks`? (it has blocks, dropout, twin, note, "
          "target, file, of, k, ratios)");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", 17}}),
            where + "blocks: must be an integer from 1 to 16, but is 17");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", 1.9}}),
            where + "blocks: must be an integer from 1 to 16, but is 1.9");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", uint64_t{1} << 63}}),
            where + "blocks: must be an integer from 1 to 16, but is 9223372036854775808");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"dropout", -1}}),
            where + "dropout: must be a number of at least 0, but is -1");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"twin", 1}}),
            where + "twin: must be true or false, but is 1");
  EXPECT_EQ(
      error_of({{"of", kEnvironment}, {"target", "duoble"}}),
      where + "target: must be one of double, plain, but is \"duoble\", did you mean `double`?");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"k", {0}}}),
            where + "k: must be a list of integers, each from 1 to 100, but is [0]");
  EXPECT_EQ(error_of({{"of", "le"}}),
            where + "of: must be the name of an environment, but is \"le\"");
  EXPECT_EQ(error_of(json::object()), where + "of: is required (whose rewards)");
  EXPECT_EQ(error_of(json::array()), "run.yaml: backbone: must be an object of parameters");
}

}  // namespace
}  // namespace lea::spec
