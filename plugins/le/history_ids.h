// How items and histories are written as token ids, in all prompts. An id below V, the size of the
// model's vocabulary, is a word token; V + j is the token of item j + 1, row j of the item tokens.
//
// The text between two items is one string for the tokenizer, without the special tokens that the
// tokenizer adds to whole texts. So what stands between two items never depends on the items. With
// `items: titles` each title is a string of its own, too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/lm/forest.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "plugins/le/settings.h"

namespace lea::le {

using Ids = std::vector<int64_t>;

// The ids of an item: its token, or its title.
class ItemIds {
 public:
  // `titles`: with `items: titles` the text of each item in prompts, text j of item j + 1, at least
  // one; ignored otherwise. A title without tokens is written "unknown".
  ItemIds(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
          const std::vector<std::string>& titles);

  Ids operator()(int64_t item) const;
  bool are_titles() const { return !titles_.empty(); }
  // So many times the item that is written with the most ids; at least once.
  std::vector<int64_t> longest(int64_t count) const;

 private:
  int64_t vocabulary_ = 0;
  std::vector<Ids> titles_;
};

// A prompt up to the last item of its history: what precedes the history, and what stands between
// its items.
struct HistoryIds {
  Ids header, separator;

  Ids prompt(const ItemIds& item, std::span<const int64_t> history) const;
  // Adds it to a forest, with all items of `history`, oldest first, at least one. Result i is the
  // last row of item i: what follows a history of i + 1 items branches there. The header is shared by
  // all histories of the forest.
  std::vector<int64_t> add(lm::Forest& forest, const ItemIds& item,
                           std::span<const int64_t> history) const;
};

void append(Ids& ids, const Ids& more);
// The row of the last of these ids, which all that follows `row` with them shares; `row` without ids.
int64_t append_shared(lm::Forest& forest, int64_t row, const Ids& ids);

// The ids that each prompt begins with: the begin token with `begin_token`, otherwise none. `begin`:
// the model's begin token, -1 when it has none; ConfigError when the settings ask for it then.
Ids begin_ids(const Settings& settings, int64_t begin);

}  // namespace lea::le
