// The prompts of the paper's section 3.2 as token ids, and the forests (core/lm/forest.h) that hold
// many of them at once. An id below V, the size of the model's vocabulary, is a word token; V + j is
// the token of item j + 1, row j of the item tokens.
//
// Order `paper`:    p_t = user_prompt with the history; reward prompt = p_t joint p_a; selection
//                   prompt = p_t joint p_l. The state is read after the bare items of the history
//                   (state_prompt items) or at the end of p_t (user).
// Order `hoisted`:  everything of hoisted_prompt before {history} once, then the items; the state is
//                   read at the last item, and the reward at the last token of {item} in the branch
//                   that stands behind the history. The selection prompt is the paper's.
//
// The text between two items is one string for the tokenizer, and is tokenized without the special
// tokens that the tokenizer adds to whole texts.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/lm/forest.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "plugins/le/settings.h"

namespace lea::le {

using Ids = std::vector<int64_t>;

class Prompts {
 public:
  // `titles`: with `items: titles` the text of each item in prompts, text j of item j + 1; otherwise
  // empty. `begin`: the model's begin token, -1 when it has none. Throws ConfigError for a wording
  // that lacks a place, a label that is not one token (names it and proposes labels that are), a
  // prompt whose joint the tokenizer merges with its neighbour where a state is read between them, and
  // `begin_token` without such a token.
  Prompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
          int64_t begin, const std::vector<std::string>& titles);

  // The history's part of a tree, with all items of `items`, oldest first. Result i is the row after
  // which the history ends with item i: what follows a history of i + 1 items branches there.
  // `state` chooses the tree for states of state_prompt items, whose prompts differ from those of
  // rewards; in order hoisted and with state_prompt user both are one. `items` is not empty.
  std::vector<int64_t> add_history(lm::Forest& forest, std::span<const int64_t> items,
                                   bool state) const;

  // Whether states and rewards stand in one tree, so that one pass gives both.
  bool one_tree() const;

  // Reads the state of the history that ends at `row`. Returns the row of hidden_states().
  int64_t read_state(lm::Forest& forest, int64_t row) const;
  // Adds the action to the history that ends at `row`, and reads its reward.
  int64_t read_reward(lm::Forest& forest, int64_t row, int64_t item) const;
  // Adds the list of candidates, and reads the row whose next token is a label. The history must have
  // been added by add_history_for_lists().
  int64_t read_selection(lm::Forest& forest, int64_t row, std::span<const int64_t> list) const;
  // The history's part of a tree for selection prompts.
  std::vector<int64_t> add_history_for_lists(lm::Forest& forest,
                                             std::span<const int64_t> items) const;

  const Ids& labels() const { return labels_; }  // of the places of the list, first to last

  // The whole prompts as ids, one after another as they are sent, for `lealab artefacts prompts` and
  // for tests: what the forest's path to the read row is.
  Ids state_prompt(std::span<const int64_t> history) const;
  Ids reward_prompt(std::span<const int64_t> history, int64_t item) const;
  Ids selection_prompt(std::span<const int64_t> history, std::span<const int64_t> list) const;

  int64_t longest(int64_t history) const;  // ids of the longest of them with so many items

 private:
  struct Parts;  // the tokenized texts between places
  std::shared_ptr<const Parts> parts_;
  Ids labels_;
};

}  // namespace lea::le
