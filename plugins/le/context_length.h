// How long texts are in tokens, and the refusal of those that are longer than the language model's
// context, before a making asks the model about any of them.
#pragma once

#include <cstdint>

#include "core/api/types.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/prompts.h"
#include "plugins/le/selection_prompts.h"

namespace lea::le {

// The tokens of the longest sentence.
int64_t longest_sentence(const ItemTexts& texts);
// The tokens of the longest prompt of a state or a reward after a history of the data; 0 without a
// history.
int64_t longest_prompt(const Prompts& prompts, const TrainingData& training);

// `context`: the most tokens that the model reads at once.
//
// Throws ConfigError "le: item_sentence: ..." that names the item with the longest sentence.
void require_sentences_fit(const ItemTexts& texts, int64_t context);

// The prompts of states and rewards, or those of selections, after the longest history of the data.
// Throws ConfigError "le: data.history: ...".
void require_prompts_fit(const Prompts& prompts, const TrainingData& training, int64_t context);
void require_prompts_fit(const SelectionPrompts& prompts, const TrainingData& training,
                         int64_t context);

}  // namespace lea::le
