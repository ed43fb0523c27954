// What is longer than the model's context is refused before anything is computed.
#include "plugins/le/context_length.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/le/letters.h"

namespace lea::le {
namespace {

TEST(ContextLength, IsNotReachedByTheLongestSentence) {
  ItemTexts texts;
  texts.sentences = {{{1, 2}, {3, 4}, -1}, {{1, 2}, {3, 4, 5}, 0}, {{}, {}, -1}};
  EXPECT_EQ(message_of<ConfigError>([&] { require_sentences_fit(texts, 7); }), "no error");
  EXPECT_EQ(message_of<ConfigError>([&] { require_sentences_fit(texts, 6); }),
            "le: item_sentence: the sentence of item 2 has 7 tokens, more than the model's context "
            "of 6. Give its columns a cap in tokens, such as {description:64}");
}

TEST(ContextLength, OfSentencesIsThatOfTheLongest) {
  ItemTexts texts;
  EXPECT_EQ(longest_sentence(texts), 0);
  texts.sentences = {{{1, 2}, {3, 4}, -1}, {{1, 2}, {3, 4, 5}, 0}, {{}, {}, -1}};
  EXPECT_EQ(longest_sentence(texts), 7) << "with the begin token and the item's";
}

class PromptLength : public testing::Test {
 protected:
  PromptLength() {
    settings_.user_prompt = "Bought: {history};";
    settings_.selection_prompt = "Of [{list}] take";
    settings_.hoisted_prompt = "Likely last: {history} or {item}";
    settings_.labels = "1|2|3";
    settings_.order = "hoisted";
    training_.items = 5;
    training_.history = 4;
    training_.item = at::tensor({1, 2, 3, 4, 5}, at::kInt);
    training_.offset = at::tensor({0, 2, 5}, at::kLong);
  }
  template <class SomePrompts>
  std::string refusal(int64_t context) const {
    const SomePrompts prompts(settings_, *letters_.tokenizer, letters_.size(), -1, {});
    return message_of<ConfigError>([&] { require_prompts_fit(prompts, training_, context); });
  }

  const Letters letters_;  // each letter is a token
  Settings settings_;
  TrainingData training_;  // its longest sequence has three items
};

TEST_F(PromptLength, CountsTheLongestHistoryOfTheData) {
  EXPECT_EQ(refusal<Prompts>(25), "no error");
  EXPECT_EQ(refusal<Prompts>(24),
            "le: data.history: with 3 items the prompt of a state or a reward has 25 tokens, more "
            "than the model's context of 24. State a smaller data.history, shorter wordings, or "
            "with `items: titles` lower caps in title");
  training_.history = 2;
  EXPECT_EQ(refusal<Prompts>(24), "no error");
}

TEST_F(PromptLength, IsThatOfTheLongestPrompt) {
  const Prompts prompts(settings_, *letters_.tokenizer, letters_.size(), -1, {});
  EXPECT_EQ(longest_prompt(prompts, training_), 25);
  training_.offset = at::tensor({0, 0}, at::kLong);
  EXPECT_EQ(longest_prompt(prompts, training_), 0) << "no history";
}

TEST_F(PromptLength, CountsAListOfAsManyCandidatesAsLabels) {
  EXPECT_EQ(refusal<SelectionPrompts>(34), "no error");
  EXPECT_EQ(refusal<SelectionPrompts>(33),
            "le: data.history: with 3 items the prompt of a selection has 34 tokens, more than the "
            "model's context of 33. State a smaller data.history, shorter wordings, or with "
            "`items: titles` lower caps in title");
}

}  // namespace
}  // namespace lea::le
