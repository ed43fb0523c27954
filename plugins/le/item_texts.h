// Texts of items from the columns of the data set, by a wording.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "plugins/le/settings.h"

namespace lea::le {

// One item's sentence as ids: the word tokens before and after the item token, which stands once.
struct Sentence {
  std::vector<int64_t> before, after;
};

struct ItemTexts {
  std::vector<Sentence> sentences;  // [N], by item_sentence
  std::vector<std::string> titles;  // [N], by `title`; empty with `items: tokens`
  int64_t without_text = 0;         // items all of whose columns are empty
  int64_t cut = 0;                  // items with a column that was cut to its cap in tokens
};

// Reads the columns that the wordings name and, with `texts: shuffled`, permutes the items' texts by
// the seed. A column is cut to its cap in tokens at the end of a character. An empty column leaves
// its place empty. Throws ConfigError for a column that the data set lacks (names those that there
// are) and for a data set without item texts, and DataError when no item has a text.
ItemTexts item_texts(const Settings& settings, const lm::Tokenizer& tokenizer,
                     PrepareContext& context);

}  // namespace lea::le
