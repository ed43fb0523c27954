// Sentences whose words are predicted in one pass, and the batches that they are taken in.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/lm/forest.h"
#include "plugins/le/item_texts.h"

namespace lea::le {

using Items = std::vector<int64_t>;  // rows of the item tokens, from 0

// The prompts of some items' sentences. Free vector k is the token of the k-th item.
// hidden_states() has a row for each word after an item's token, that which predicts the word.
struct Lesson {
  Lesson() = default;
  // The items must have words after their token.
  Lesson(const std::vector<Sentence>& sentences, const Items& items, int64_t vocabulary);

  lm::Forest forest;
  std::vector<int64_t> words;   // to predict, of all items in order
  std::vector<float> shares;    // 1 / (words of the same item), for each word
  std::vector<int64_t> counts;  // words of each item

  at::Tensor word_tensor(at::Device device) const;   // int64 [words]
  at::Tensor share_tensor(at::Device device) const;  // float [words]
};

Items items_with_words(const std::vector<Sentence>& sentences);

// The rows of these items' sentences, alone.
int64_t rows_of(const std::vector<Sentence>& sentences, const Items& items);

// Long sentences first: the first batch then needs the most memory. Sentences of equal length stand
// together, because their rows share an attention block.
Items by_length(const std::vector<Sentence>& sentences, Items items);

// The items from place `first` on that have at most `most_rows` rows together; at least one.
Items batch_at(const std::vector<Sentence>& sentences, const Items& items, int64_t first,
               int64_t most_rows);

}  // namespace lea::le
