// The sentences and titles of items, from columns in memory.
#include "plugins/le/item_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/base/error.h"
#include "tests/le/letters.h"

namespace lea::le {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class Columns final : public PrepareContext {
 public:
  std::vector<std::pair<std::string, std::vector<std::string>>> columns;

  int64_t items() const override { return std::ssize(columns.at(0).second); }
  std::vector<std::string> texts(const std::string& column) override {
    for (const auto& [name, texts] : columns) {
      if (name == column) return texts;
    }
    throw ConfigError("no such column");
  }
  std::vector<std::string> text_columns() override {
    std::vector<std::string> names;
    for (const auto& [name, texts] : columns) names.push_back(name);
    return names;
  }
  int64_t history() const override { throw PluginError("not read"); }
  c10::Device device() const override { return c10::kCPU; }
  const TrainingData& training(double, uint64_t) override { throw PluginError("not read"); }
  const TrainingData& rest(double, uint64_t) override { throw PluginError("not read"); }
  Tensor pool() override { throw PluginError("not read"); }
  std::string folder() const override { return ""; }
  std::string earlier() const override { return ""; }
  void record(const std::string&, double) override {}
  bool stop(int64_t, int64_t) override { return false; }
  void log(LogLevel, const std::string&) override {}
};

class ItemTextsTest : public testing::Test {
 protected:
  ItemTextsTest() {
    settings_.item_sentence = "The {item} is {title} by {artist}.";
    settings_.title = "{title}";
    data_.columns = {{"title", {"Live Forever", " Hey Jude\t", "", "So What"}},
                     {"artist", {"Oasis", "The Beatles", "", ""}}};
  }

  ItemTexts make(int64_t begin = -1) {
    return item_texts(settings_, *letters_.tokenizer, data_, begin);
  }
  std::string refusal() {
    return message_of<ConfigError>([&] { make(); });
  }
  // A sentence with * for the item's token.
  std::string read(const Sentence& sentence) const {
    return letters_.read(sentence.before) + "*" + letters_.read(sentence.after);
  }
  std::vector<std::string> sentences() {
    std::vector<std::string> texts;
    for (const Sentence& sentence : make().sentences) texts.push_back(read(sentence));
    return texts;
  }

  const Letters letters_;
  Settings settings_;
  Columns data_;
};

TEST_F(ItemTextsTest, FillTheSentence) {
  EXPECT_THAT(sentences(),
              ElementsAre("The * is Live Forever by Oasis.", "The * is Hey Jude by The Beatles.",
                          "*", "The * is So What by ."));
  EXPECT_EQ(make().without_text, 1);
  EXPECT_EQ(make().cut, 0);
  EXPECT_TRUE(make().titles.empty());
}

TEST_F(ItemTextsTest, CutAColumnToItsCapInTokens) {
  settings_.item_sentence = "{item}: {title:6}/{artist}";
  EXPECT_THAT(sentences(),
              ElementsAre("*: Live F/Oasis", "*: Hey Ju/The Beatles", "*", "*: So Wha/"));
  EXPECT_EQ(make().cut, 3);
}

TEST_F(ItemTextsTest, CutAtTheEndOfACharacter) {
  const lm::Tokenizer bytes(LEA_SOURCE_DIR "/tests/golden/lm/tokenizers/gpt2");
  const std::string title = "\xF0\x9F\x91\x8D\xF0\x9F\x91\x8D\xF0\x9F\x91\x8D";
  data_.columns = {{"title", {title, std::string(3000, 'z') + title}}};
  for (int64_t cap = 1; cap <= 13; ++cap) {
    settings_.item_sentence = "{item}{title:" + std::to_string(cap) + "}";
    const ItemTexts texts = item_texts(settings_, bytes, data_);
    bool found = false;
    for (const size_t size : {0, 4, 8, 12})
      found |= texts.sentences[0].after == bytes.encode_part(title.substr(0, size));
    EXPECT_TRUE(found) << cap;
    EXPECT_LE(std::ssize(texts.sentences[0].after), cap);
    EXPECT_LE(std::ssize(texts.sentences[1].after), cap);
    EXPECT_GT(std::ssize(texts.sentences[1].after), 0);
  }
}

TEST_F(ItemTextsTest, WriteTitlesWhenPromptsNeedThem) {
  settings_.items = "titles";
  settings_.title = "{artist}: {title:4}";
  EXPECT_THAT(make().titles, ElementsAre("Oasis: Live", "The Beatles: Hey", ": ", ": So W"));
  EXPECT_EQ(make().cut, 3);
}

TEST_F(ItemTextsTest, GiveItemsTheTextsOfOthersOnRequest) {
  settings_.items = "titles";
  std::vector<std::string> titles, own;
  for (int i = 0; i < 50; ++i) own.push_back("title " + std::to_string(i));
  data_.columns = {{"title", own}, {"artist", own}};
  settings_.texts = "shuffled";
  const ItemTexts shuffled = make();
  EXPECT_NE(shuffled.titles, own);
  EXPECT_EQ(make().titles, shuffled.titles) << "the same seed";
  for (size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(read(shuffled.sentences[i]),
              "The * is " + shuffled.titles[i] + " by " + shuffled.titles[i] + ".");
  }
  settings_.seed = 2;
  EXPECT_NE(make().titles, shuffled.titles);
  std::vector<std::string> sorted = shuffled.titles;
  std::sort(sorted.begin(), sorted.end());
  std::sort(own.begin(), own.end());
  EXPECT_EQ(sorted, own);
}

TEST_F(ItemTextsTest, BeginSentencesWithTheBeginTokenOnRequest) {
  EXPECT_EQ(make(1).sentences[0].begin, -1);
  settings_.begin_token = true;
  EXPECT_EQ(make(1).sentences[0].begin, 1);
  EXPECT_THAT(refusal(), testing::HasSubstr("le: begin_token: this model has no begin token"));
}

TEST_F(ItemTextsTest, RefuseAColumnThatIsNotThere) {
  settings_.item_sentence = "{item} {tilte}";
  EXPECT_EQ(
      refusal(),
      "le: item_sentence: the item texts have no column `tilte`, did you mean `title`? (there "
      "are: title, artist)");
  settings_.item_sentence = "{item} {title}";
  settings_.items = "titles";
  settings_.title = "{album}";
  EXPECT_EQ(refusal(),
            "le: title: the item texts have no column `album` (there are: title, artist)");
}

TEST_F(ItemTextsTest, RefuseSentencesFromWhichNothingIsLearned) {
  settings_.item_sentence = "{title}";
  EXPECT_EQ(refusal(), "le: item_sentence: must hold {item} once, but does not");
  settings_.item_sentence = "{item} is an item";
  EXPECT_EQ(refusal(),
            "le: item_sentence: names no column, so all items would have the same token");
  settings_.item_sentence = "{title} is {item}";
  EXPECT_EQ(refusal(),
            "le: item_sentence: must have text after {item}, because the token is learned from the "
            "words that follow it");
  settings_.item_sentence = "{item} {title}";
  settings_.items = "titles";
  settings_.title = "this";
  EXPECT_EQ(refusal(), "le: title: names no column, so all items would be the same");
  settings_.title = "{item} {title}";
  EXPECT_EQ(refusal(), "le: title: has no place {item}, because it stands for the item itself");
}

TEST_F(ItemTextsTest, RefuseDataWithoutTexts) {
  data_.columns = {{"title", {"", " "}}, {"artist", {"", "\t"}}};
  EXPECT_EQ(
      message_of<DataError>([&] { make(); }),
      "le: no item has a text in the columns of item_sentence. Import the data set again with "
      "item texts, or name other columns");
  data_.columns = {};
  EXPECT_EQ(
      refusal(),
      "le: the data set has no item texts. Put an items.tsv beside its interactions and import "
      "it again");
}

TEST_F(ItemTextsTest, NameTheItemAndTheColumnOfATextThatIsNotUtf8) {
  data_.columns = {{"title", {"a", "\xFF"}}, {"artist", {"", ""}}};
  EXPECT_THAT(message_of<DataError>([&] { make(); }), testing::HasSubstr("the sentence of item 2"));
}

TEST(ItemTextsOfHuggingFace, HaveTheSameIds) {
  std::ifstream file(LEA_SOURCE_DIR "/tests/golden/le/prompts.json");
  const json golden = json::parse(file);
  Settings settings;
  settings.item_sentence = golden["item_sentence"].get<std::string>();
  Columns data;
  for (const auto& [column, text] : golden["track"].items())
    data.columns.push_back({column, {text.get<std::string>()}});
  for (const json& expected : golden["cases"]) {
    const auto name = expected["tokenizer"].get<std::string>();
    const lm::Tokenizer tokenizer(LEA_SOURCE_DIR "/tests/golden/lm/tokenizers/" + name);
    const Sentence sentence = item_texts(settings, tokenizer, data).sentences.at(0);
    EXPECT_EQ(json({sentence.before, sentence.after}), expected["sentence"]) << name;
  }
}

}  // namespace
}  // namespace lea::le
