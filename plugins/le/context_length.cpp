#include "plugins/le/context_length.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::le {
namespace {

std::string more_than(int64_t tokens, int64_t context) {
  return counted(tokens, "token") + ", more than the model's context of " +
         std::to_string(context) + ". ";
}

int64_t tokens_of(const Sentence& sentence) {
  return (sentence.begin >= 0 ? 1 : 0) + std::ssize(sentence.before) + 1 +
         std::ssize(sentence.after);
}

int64_t longest_history(const TrainingData& training) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  int64_t items = 0;
  for (int64_t s = 0; s < training.sequences(); ++s)
    items = std::max(items, std::min(training.history, first[s + 1] - first[s]));
  return items;
}

// `what` names what the prompts are of.
template <class SomePrompts>
void require_fit(const SomePrompts& prompts, const std::string& what, const TrainingData& training,
                 int64_t context) {
  const int64_t items = longest_history(training);
  if (items == 0) return;
  const int64_t most = prompts.longest(items);
  if (most <= context) return;
  throw ConfigError("le: data.history: with " + counted(items, "item") + " the prompt of " + what +
                    " has " + more_than(most, context) +
                    "State a smaller data.history, shorter wordings, or with `items: titles` lower "
                    "caps in title");
}

}  // namespace

int64_t longest_sentence(const ItemTexts& texts) {
  int64_t most = 0;
  for (const Sentence& sentence : texts.sentences) most = std::max(most, tokens_of(sentence));
  return most;
}

int64_t longest_prompt(const Prompts& prompts, const TrainingData& training) {
  const int64_t items = longest_history(training);
  return items == 0 ? 0 : prompts.longest(items);
}

void require_sentences_fit(const ItemTexts& texts, int64_t context) {
  int64_t most = 0, longest = 0;
  for (size_t i = 0; i < texts.sentences.size(); ++i) {
    const int64_t tokens = tokens_of(texts.sentences[i]);
    if (tokens <= most) continue;
    most = tokens;
    longest = static_cast<int64_t>(i) + 1;
  }
  if (most <= context) return;
  throw ConfigError("le: item_sentence: the sentence of item " + std::to_string(longest) + " has " +
                    more_than(most, context) +
                    "Give its columns a cap in tokens, such as {description:64}");
}

void require_prompts_fit(const Prompts& prompts, const TrainingData& training, int64_t context) {
  require_fit(prompts, "a state or a reward", training, context);
}

void require_prompts_fit(const SelectionPrompts& prompts, const TrainingData& training,
                         int64_t context) {
  require_fit(prompts, "a selection", training, context);
}

}  // namespace lea::le
