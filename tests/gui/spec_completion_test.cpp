// What can be written at a place of a spec, also while the spec does not parse.
#include "gui/model/spec_completion.h"

#include <QAbstractItemModelTester>

#include "core/spec/keys.h"
#include "core/spec/param_json.h"
#include "core/spec/settings.h"
#include "tests/gui/fixture.h"
#include "tests/spec/fixture.h"

namespace lea::gui {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using Wants = SpecPlace::Wants;

// A text in which | marks a place.
struct Marked {
  explicit Marked(std::string marked) : text(std::move(marked)), at(text.find('|')) {
    text.erase(at, 1);
  }
  std::string text;
  size_t at;
};

// "key of train", "value of grid/framework/1", "either of reward", "nothing".
std::string where(const std::string& marked) {
  const Marked spec(marked);
  const SpecPlace place = place_in_spec(spec.text, spec.at);
  if (place.wants == Wants::kNothing) return "nothing";
  std::string text = place.wants == Wants::kKey     ? "key of"
                     : place.wants == Wants::kValue ? "value of"
                                                    : "either of";
  const char* between = " ";
  for (const spec::Step& step : place.path) {
    const auto* key = std::get_if<std::string>(&step);
    text += between + (key ? *key : std::to_string(std::get<size_t>(step)));
    between = "/";
  }
  return text;
}

TEST(SpecPlace, IsFoundInLines) {
  EXPECT_EQ(where("|"), "key of");
  EXPECT_EQ(where("tra|"), "key of");
  EXPECT_EQ(where("train:\n  |"), "either of train");
  EXPECT_EQ(where("train:\n  batch|"), "either of train");
  EXPECT_EQ(where("train:\n  batch_size: 1\n  |"), "key of train");
  EXPECT_EQ(where("train:\n  batch_size: 1\n  pat|\n  keep: all\n"), "key of train");
  EXPECT_EQ(where("train:\n  batch_size: |"), "value of train/batch_size");
  EXPECT_EQ(where("train:\n  batch_size: 1|0"), "value of train/batch_size");
  EXPECT_EQ(where("train:\n  batch_size: 10 |"), "nothing");
  EXPECT_EQ(where("train:\n  batch_size: 1\n|"), "key of");
  EXPECT_EQ(where("train:\n  batch_size: 1\n|split: {}\n"), "key of");
  EXPECT_EQ(where("backbone:\n  sasrec:\n    bl|"), "either of backbone/sasrec");
}

TEST(SpecPlace, IsFoundInLists) {
  EXPECT_EQ(where("grid:\n  framework:\n  - snqn\n  - |"), "either of grid/framework/1");
  EXPECT_EQ(where("grid:\n  framework:\n    - snqn\n    - sq|"), "either of grid/framework/1");
  EXPECT_EQ(where("grid:\n  framework:\n  - snqn\n  |"), "key of grid");
  EXPECT_EQ(where("overrides:\n- when: {framework: |"), "value of overrides/0/when/framework");
  EXPECT_EQ(where("overrides:\n- when: {}\n  se|"), "key of overrides/0");
  EXPECT_EQ(where("overrides:\n- when: {}\n- se|"), "either of overrides/1");
  EXPECT_EQ(where("overrides:\n  - - |"), "either of overrides/0/0");
}

TEST(SpecPlace, IsFoundInBrackets) {
  EXPECT_EQ(where("data: {|"), "key of data");
  EXPECT_EQ(where("data: {na|}"), "key of data");
  EXPECT_EQ(where("data: {name: |}"), "value of data/name");
  EXPECT_EQ(where("data: {name: a, |}"), "key of data");
  EXPECT_EQ(where("data: {name: a,\n  his|"), "key of data");
  EXPECT_EQ(where("grid:\n  framework: [snqn, |]"), "value of grid/framework/1");
  EXPECT_EQ(where("grid:\n  framework: [snqn, {sa2c: {gam|"), "key of grid/framework/1/sa2c");
  EXPECT_EQ(where("grid: {framework: [a: |]}"), "value of grid/framework/0/a");
  EXPECT_EQ(where("grid: {framework: [a, b]|}"), "nothing");
  EXPECT_EQ(where("grid: {framework: [a, b], |}"), "key of grid");
  EXPECT_EQ(where("a: {b: [1, {c: 2}, 3]}\ntra|"), "key of");
}

TEST(SpecPlace, IsNoneInCommentsQuotesAndTexts) {
  EXPECT_EQ(where("# tra|"), "nothing");
  EXPECT_EQ(where("name: \"a |b\""), "nothing");
  EXPECT_EQ(where("name: 'a\n  |b'"), "nothing");
  EXPECT_EQ(where("name: >\n  te|xt\n"), "nothing");
  EXPECT_EQ(where("name: >\n  text\ntra|"), "key of");
  EXPECT_EQ(where("name: &anch|"), "nothing");
  EXPECT_EQ(where("train:|"), "nothing");
  EXPECT_EQ(where("- x: 'a' # '\n- |"), "either of 1");
}

TEST(SpecPlace, OfEachByteOfDamagedTextsIsFoundWithoutHarm) {
  const std::string good =
      "extends: paper\n# c\ngrid:\n  framework: [snqn, {sa2c: {gamma: 0.1}}]\n  variant:\n"
      "  - A: {state: \"le\"}\n  - B:\n      reward: 'x''y'\ntext: |\n  a\n  b\nseeds: &s [1]\n";
  const std::string bytes = "\n\t :,-[]{}&*#'\"!|>%@\x80?0a<\r";
  uint64_t state = 7;
  const auto random = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  for (int trial = 0; trial < 200; ++trial) {
    std::string text = good;
    for (uint64_t i = 0; i <= random(4); ++i)
      text.insert(random(text.size()), 1, bytes[random(bytes.size())]);
    for (size_t at = 0; at <= text.size(); ++at) {
      const SpecPlace place = place_in_spec(text, at);
      EXPECT_LE(place.begin, at);
      EXPECT_LE(at, place.end);
      EXPECT_LE(place.end, text.size());
    }
  }
}

class SpecSuggestions : public testing::Test {
 protected:
  SpecSuggestions() {
    auto facts = std::make_shared<Facts>();
    facts->plugins = spec::small_catalogue();
    facts->data_sets = {"games", "ml-100k"};
    facts->presets = {"paper", "reference"};
    facts->models = {"smollm2-135m"};
    facts->bundles = {{"LER", "{LER: {framework: snqn, reward: le}}", "rows.yaml"}};
    model_.set_facts(facts);
  }
  void outline(const std::string& text) {
    bool parsed = false;
    model_.set_outline(outline_of("spec.yaml", {{"spec.yaml", text}}, &parsed));
    ASSERT_TRUE(parsed);
  }
  std::vector<std::string> at(const std::string& marked) {
    const Marked spec(marked);
    model_.look(spec.text, spec.at);
    std::vector<std::string> texts;
    for (const Suggestion& one : model_.suggestions()) texts.push_back(one.text);
    return texts;
  }
  // The text after the suggestion was taken, with | at the cursor.
  std::string taken(const std::string& marked, const std::string& suggestion) {
    Marked spec(marked);
    model_.look(spec.text, spec.at);
    for (int row = 0; row < model_.rowCount(); ++row) {
      if (model_.suggestions()[static_cast<size_t>(row)].text != suggestion) continue;
      const Completion made = model_.completion(row);
      spec.text.replace(made.begin, made.end - made.begin, made.text);
      return spec.text.insert(made.begin + made.cursor, "|");
    }
    return "is not suggested";
  }
  std::string help(const std::string& marked) const {
    const Marked spec(marked);
    return model_.help(spec.text, spec.at).toStdString();
  }

  SpecCompletion model_;
};

TEST_F(SpecSuggestions, AreTheKeysOfTheSectionThatAreNotStatedYet) {
  EXPECT_THAT(at("sp|"), ElementsAre("split"));
  EXPECT_THAT(at("|\ntrain: {}\nseeds: [1]\n"), Contains("split"));
  EXPECT_THAT(at("|\ntrain: {}\nseeds: [1]\n"), Not(Contains("train")));
  EXPECT_THAT(at("split: {}\n|"), Not(Contains("split")));
  EXPECT_THAT(at("train:\n  pat|"), ElementsAre("patience"));
  EXPECT_THAT(at("train:\n  patience: 1\n  pat|"), IsEmpty());
  EXPECT_THAT(at("train:\n  pat|\n  patience: 1\n"), Not(Contains("patience")));
  EXPECT_THAT(at("train: {lea|"),
              ElementsAre("learning_rate", "drop_learning_rate_at", "dropped_learning_rate"))
      << "those that begin with the word come first";
}

TEST_F(SpecSuggestions, AreEveryKeyThatTheReaderKnows) {
  for (const std::string& section : spec::section_names()) {
    const std::vector<std::string> keys = at(section + ":\n  |");
    EXPECT_EQ(keys, spec::names_of(spec::declared_settings(section))) << section;
  }
  EXPECT_EQ(at("|"), spec::names_of(spec::top_keys()));
}

TEST_F(SpecSuggestions, AreThePluginsOfTheKindByTheShortestName) {
  EXPECT_THAT(at("backbone: |"), ElementsAre("gru4rec", "sasrec", "lea.twice", "other.twice"));
  EXPECT_THAT(at("grid:\n  framework: [snqn, su|"), ElementsAre("supervised"));
  EXPECT_THAT(at("grid:\n  framework:\n  - snqn\n  - su|"), Contains("supervised"));
  EXPECT_THAT(at("augment: |"), ElementsAre("random", "none"));
  EXPECT_THAT(at("state: |"), ElementsAre("le", "table", "none")) << "those that give a state";
}

TEST_F(SpecSuggestions, AreTheParametersOfThePluginWithTypeRangeDefaultAndMeaning) {
  EXPECT_THAT(at("backbone: {sasrec: {|"), ElementsAre("width", "blocks", "dropout"));
  EXPECT_THAT(at("backbone:\n  lea.sasrec:\n    |"), ElementsAre("width", "blocks", "dropout"));
  const Suggestion& blocks = model_.suggestions()[1];
  EXPECT_EQ(blocks.detail, "an integer from 1 to 16, default 1");
  EXPECT_EQ(blocks.help, "a number");
  EXPECT_EQ(help("backbone: {sasrec: {blo|cks: 2}}"),
            "blocks: an integer from 1 to 16, default 1. a number");
  EXPECT_EQ(help("backbone: {sasrec: {blocks: 2|}}"),
            "blocks: an integer from 1 to 16, default 1. a number");
  EXPECT_THAT(help("train:\n  batch_size: |"), HasSubstr("batch_size: an integer from 1 to"));
  EXPECT_EQ(help("nonsense: |"), "");
}

TEST_F(SpecSuggestions, AreChoicesAndTheDefault) {
  EXPECT_THAT(at("framework: {snqn: {target: |"), ElementsAre("double", "plain"));
  EXPECT_EQ(model_.suggestions()[0].detail, "the default");
  EXPECT_THAT(at("framework: {snqn: {twin: |"), ElementsAre("true", "false"));
  EXPECT_THAT(at("evaluate:\n  k: |"), ElementsAre("[5, 10, 20]"));
  EXPECT_THAT(at("evaluate:\n  k: [|"), IsEmpty());
  EXPECT_THAT(at("grid:\n  split.by: [|"), ElementsAre("sequence", "file", "last_one", "time"));
}

TEST_F(SpecSuggestions, AreWhatTheLabAndTheProgramHave) {
  EXPECT_THAT(at("data: {name: |"), ElementsAre("games", "ml-100k"));
  EXPECT_THAT(at("extends: |"), ElementsAre("paper", "reference"));
  EXPECT_THAT(at("extends: [paper, re|"), ElementsAre("reference"));
  EXPECT_THAT(at("grid:\n  variant:\n  - |"), ElementsAre("{LER: {framework: snqn, reward: le}}"));
}

TEST_F(SpecSuggestions, AreTheEnvironmentsThatTheSpecDeclares) {
  outline("environments: {mixed: {shuffled: {of: le}}}\n");
  EXPECT_THAT(at("reward: |"), IsSupersetOf({"mixed", "le", "predefined", "none"}));
  EXPECT_THAT(at("environments: {mixed: {shuffled: {of: |"), Contains("mixed"));
  EXPECT_THAT(at("environments:\n  mixed:\n    shuf|"), Contains("shuffled"));
  EXPECT_THAT(at("grid:\n  environments.mi|"), ElementsAre("environments.mixed.of"));
}

TEST_F(SpecSuggestions, AreTheAxesAndTheirLabelsInCells) {
  outline(
      "grid:\n  framework: [snqn, {supervised: {}, label: plain}]\n  train.batch_size: [10, 20]\n"
      "  variant:\n  - A: {backbone: sasrec}\n  - \"B, too\": {}\n");
  EXPECT_THAT(at("grid:\n  exclude: [{|"), ElementsAre("framework", "train.batch_size", "variant"));
  EXPECT_THAT(at("grid:\n  exclude: [{framework: |"), ElementsAre("snqn", "plain"));
  EXPECT_THAT(at("grid:\n  include:\n  - variant: |"), ElementsAre("A", "\"B, too\""));
  EXPECT_THAT(at("overrides: [{set: {backbone.wid|"), ElementsAre("backbone.width"))
      << "a parameter of a plugin that the spec uses";
}

TEST_F(SpecSuggestions, OpenAMapOrAListAsTheKeyNeedsIt) {
  EXPECT_EQ(taken("tra|", "train"), "train:\n  |");
  EXPECT_EQ(taken("train:\n  pat|", "patience"), "train:\n  patience: |");
  EXPECT_EQ(taken("grid:\n  train.pat|", "train.patience"), "grid:\n  train.patience: [|]");
  EXPECT_EQ(taken("backbone: {sas|}", "sasrec"), "backbone: {sasrec: {|}}");
  EXPECT_EQ(taken("train: {|", "patience"), "train: {patience: |");
  EXPECT_EQ(taken("tra|ian: {}\n", "train"), "train|: {}\n") << "another colon is not added";
  EXPECT_EQ(taken("train:\n  device: c|", "cpu"), "train:\n  device: cpu|");
}

TEST_F(SpecSuggestions, AreAProperListModel) {
  const QAbstractItemModelTester tester(&model_,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  at("train:\n  |");
  EXPECT_GT(model_.rowCount(), 5);
  EXPECT_EQ(model_.index(0).data().toString(), "batch_size");
  EXPECT_THAT(model_.index(0).data(SpecCompletion::kDetail).toString().toStdString(),
              HasSubstr("default 256"));
  EXPECT_THAT(model_.index(0).data(Qt::ToolTipRole).toString().toStdString(),
              HasSubstr("training events a step"));
  at("train:\n  zzz|");
  EXPECT_EQ(model_.rowCount(), 0);
}

}  // namespace
}  // namespace lea::gui
