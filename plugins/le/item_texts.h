// Texts of items from the columns of the data set, by a wording.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "plugins/le/settings.h"

namespace lea::le {

// One item's sentence as ids: the words before and after the item token, which stands once. Both
// are empty for an item without text.
struct Sentence {
  std::vector<int64_t> before, after;
  int64_t begin = -1;  // the begin token that precedes the sentence; -1: none
};

struct ItemTexts {
  std::vector<Sentence> sentences;  // [N], by item_sentence
  std::vector<std::string> titles;  // [N], by `title`; empty with `items: tokens`
  std::vector<std::string> shown;   // [N], the sentences with <item 7> for the token; see below
  int64_t without_text = 0;         // items for which all columns of item_sentence are empty
  int64_t cut = 0;                  // items with a column that was cut to its cap in tokens
};

// Reads the columns that the wordings name and, with `texts: shuffled`, permutes the items' texts
// by the seed. White space around a column's text is left out. A text with more tokens than its cap
// is cut at the end of a character. An empty column leaves its place empty. `begin`: the model's
// begin token, -1 when it has none. `show` also fills in ItemTexts::shown, for people.
//
// Throws ConfigError for a wording that names a column that the data set lacks (it lists those that
// there are), for an item_sentence without a column or with nothing after {item}, for `begin_token`
// without such a token and for a data set without item texts, and DataError when no item has a
// text.
ItemTexts item_texts(const Settings& settings, const lm::Tokenizer& tokenizer,
                     PrepareContext& context, int64_t begin = -1, bool show = false);

// With `items: titles`, a list of one title, which stands for any item where only the number of
// tokens matters: it has as many as the titles of a sample of the items have on average. Empty otherwise.
// Throws ConfigError as item_texts does for the wording `title`.
std::vector<std::string> typical_title(const Settings& settings, const lm::Tokenizer& tokenizer,
                                       PrepareContext& context);

}  // namespace lea::le
