// What an augmenter asks of the environment that it names: a spec is refused while it is read when
// that environment cannot answer.
#include "core/spec/asked.h"

#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using ::testing::HasSubstr;

class AskedTest : public SpecTest {
 protected:
  PluginCatalogue catalogue() const override {
    const ParamInfo of{"of", ParamType::kEnvironment, std::string(), {}, {}, "who chooses", true};
    std::vector<PluginInfo> plugins = small_catalogue().all();
    std::erase_if(plugins, [](const PluginInfo& info) { return info.id == "lea.le"; });
    PluginInfo le = environment("lea.le",
                                {{"labels",
                                  ParamType::kText,
                                  std::string(" first| second| third| fourth| fifth"),
                                  {},
                                  {},
                                  "one word for each place"}},
                                /*gives_state=*/true);
    le.chooses = true;
    le.list_words = "labels";
    PluginInfo stateless = environment("my.stateless", {}, /*gives_state=*/false);
    stateless.chooses = true;
    PluginInfo augmenter;
    augmenter.id = "lea.le";
    augmenter.kind = "augmenter";
    augmenter.params = {of,
                        {"select",
                         ParamType::kChoice,
                         std::string("labels"),
                         {},
                         {"labels", "reward", "state_token"},
                         "what chooses"}};
    augmenter.asks = {"list_scores if select=labels", "state_scores if select=state_token"};
    PluginInfo always = augmenter;
    always.id = "my.always";
    always.params = {of};
    always.asks = {"list_scores"};
    for (const PluginInfo& plugin : {le, stateless, augmenter, always}) plugins.push_back(plugin);
    return PluginCatalogue(std::move(plugins));
  }
  std::string with(const std::string& lines, const std::vector<std::string>& set = {}) const {
    return error_of(std::string(kBase) + lines, set);
  }
};

TEST_F(AskedTest, RefusesMoreCandidatesThanTheEnvironmentHasWords) {
  const std::string rest =
      ": `select: labels` asks lea.le to read lists, and its `labels` has 5 words. Lower it, or "
      "state one word for each candidate, with | between them";
  EXPECT_EQ(with("augment: {of: {le: {of: le}}, candidates: 7}\n"),
            "spec.yaml:5:43: augment.candidates: must be at most 5, but is 7" + rest);
  EXPECT_EQ(with("augment: {le: {of: le}}\n", {"augment.candidates=6"}),
            "--set augment.candidates=6: augment.candidates: must be at most 5, but is 6" + rest);
  EXPECT_EQ(with("augment: {of: {le: {of: le}}, candidates: 5}\n"), "");
  EXPECT_EQ(with("augment: {of: {le: {of: le, select: reward}}, candidates: 7}\n"), "");
  EXPECT_EQ(with("augment: {of: {le: {of: le, select: state_token}}, candidates: 7}\n"), "");
}

TEST_F(AskedTest, CountsTheWordsThatTheSpecStates) {
  const std::string environments = "environments: {le: {le: {labels: \" one| two\"}}}\n";
  EXPECT_EQ(with(environments + "augment: {le: {of: le}}\n"),
            "spec.yaml:6:11: augment.candidates: must be at most 2, but is 5: `select: labels` "
            "asks lea.le to read lists, and its `labels` has 2 words. Lower it, or state one word "
            "for each candidate, with | between them")
      << "the default number of candidates is stated nowhere";
  EXPECT_EQ(with(environments + "augment: {of: {le: {of: le}}, candidates: 2}\n"), "");
  EXPECT_THAT(with("environments: {le: {le: {labels: one}}}\naugment: {le: {of: le}}\n"),
              HasSubstr("its `labels` has 1 word. "));
}

TEST_F(AskedTest, RefusesAnEnvironmentThatCannotChoose) {
  const std::string rest =
      " asks: name an environment that can, itself and not a wrapper around it (there are: lea.le, "
      "my.stateless), or state another `select`";
  EXPECT_EQ(with("augment: {le: {of: {shuffled: {of: le}}}}\n"),
            "spec.yaml:5:20: augment.le.of: lea.shuffled cannot choose from a list, as `select: "
            "labels`" +
                rest);
  EXPECT_EQ(with("augment: {lea.le: {of: predefined, select: state_token}}\n"),
            "spec.yaml:5:24: augment.lea.le.of: lea.predefined cannot choose from a list, as "
            "`select: state_token`" +
                rest);
  EXPECT_EQ(with("augment: {le: {of: predefined, select: reward}}\n"), "");
  EXPECT_EQ(with("augment: {always: {of: predefined}}\n"),
            "spec.yaml:5:24: augment.always.of: lea.predefined cannot choose from a list, as "
            "my.always asks: name an environment that can, itself and not a wrapper around it "
            "(there are: lea.le, my.stateless)");
}

TEST_F(AskedTest, RefusesToCompareStatesThatTheEnvironmentDoesNotGive) {
  EXPECT_EQ(with("augment: {le: {of: stateless, select: state_token}}\n"),
            "spec.yaml:5:20: augment.le.of: my.stateless gives no states, as `select: state_token` "
            "asks: name an environment that does, or state another `select`");
  EXPECT_EQ(with("augment: {of: {le: {of: stateless}}, candidates: 900}\n"), "")
      << "it does not declare how long a list may be";
}

TEST_F(AskedTest, SaysNothingMoreOfWhatHasBeenRefused) {
  EXPECT_EQ(with("augment: {le: {of: predefined, select: rewards}}\n"),
            "spec.yaml:5:40: augment.le.select: must be one of labels, reward, state_token, but is "
            "`rewards`, did you mean `reward`?");
  EXPECT_THAT(with("augment: {le: {of: shufled}}\n"),
              HasSubstr("augment.le.of: unknown environment `shufled`"));
  EXPECT_EQ(error_of("data: {name: small}\nframework: popularity\nseeds: [1]\n"
                     "augment: {le: {of: predefined}}\n"),
            "")
      << "the framework reads no augmenter";
}

TEST_F(AskedTest, RefusesEachCellOfAGridOnce) {
  const std::string refused = error_of(
      "data: {name: small}\nbackbone: gru4rec\nframework: snqn\nseeds: [1, 2]\n"
      "augment: {le: {of: le}}\ngrid: {augment.candidates: [4, 6], train.patience: [3, 4]}\n");
  EXPECT_THAT(refused, HasSubstr("augment.candidates: must be at most 5, but is 6"));
  EXPECT_EQ(refused.find('\n'), std::string::npos) << refused;
}

class AsksDeclared : public AskedTest {
 protected:
  // The reason why the JSON of a changed declaration is refused.
  template <class Change>
  std::string refusal(const std::string& kind, const std::string& id, const Change& change) const {
    PluginInfo info = *catalogue().find(kind, id);
    change(info);
    try {
      const PluginInfo read = plugin_from_json(to_json(info));
      EXPECT_EQ(read.asks, info.asks);
      EXPECT_EQ(read.chooses, info.chooses);
      EXPECT_EQ(read.list_words, info.list_words);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(AsksDeclared, AreReadFromTheProbe) {
  const auto nothing = [](PluginInfo&) {};
  EXPECT_EQ(refusal("augmenter", "lea.le", nothing), "");
  EXPECT_EQ(refusal("augmenter", "my.always", nothing), "");
  EXPECT_EQ(refusal("environment", "lea.le", nothing), "");
  nlohmann::json older = to_json(*catalogue().find("augmenter", "lea.le"));
  for (const char* key : {"asks", "chooses", "list_words"}) older.erase(key);
  EXPECT_TRUE(plugin_from_json(older).asks.empty());
}

TEST_F(AsksDeclared, MustNameWhatExists) {
  const auto asking = [&](const std::string& what) {
    return refusal("augmenter", "lea.le", [&](PluginInfo& info) { info.asks = {what}; });
  };
  EXPECT_EQ(asking("list_score"),
            "plugin lea.le: asks: `list_score` is no function of an environment that chooses, did "
            "you mean `list_scores`? (there are: list_scores, state_scores)");
  EXPECT_EQ(asking("list_scores if selects=labels"),
            "plugin lea.le: asks: `selects` is no parameter of the plugin, did you mean `select`? "
            "(there are: of, select)");
  EXPECT_EQ(asking("list_scores if select=words"),
            "plugin lea.le: asks: `list_scores if select=words`: select must be one of labels, "
            "reward, state_token, but is \"words\"");
  EXPECT_EQ(
      refusal("augmenter", "my.always", [](PluginInfo& info) { info.params[0].name = "inner"; }),
      "plugin my.always: asks: needs a parameter `of` that names an environment");
  EXPECT_EQ(refusal("environment", "lea.le", [](PluginInfo& info) { info.list_words = "words"; }),
            "plugin lea.le: list_words: `words` is no text parameter of the plugin");
  EXPECT_EQ(
      refusal("environment", "lea.le", [](PluginInfo& info) { info.chooses = false; }),
      "plugin lea.le: list_words: is declared, but the environment cannot choose from a list");
}

}  // namespace
}  // namespace lea::spec
