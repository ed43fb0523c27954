// The prompts of the paper's section 3.2 as token ids, and the forests (core/lm/forest.h) that hold
// many of them at once. An id below V, the size of the model's vocabulary, is a word token; V + j
// is the token of item j + 1, row j of the item tokens.
//
// Order `paper`:    p_t = user_prompt with the history; reward prompt = p_t joint p_a; selection
//                   prompt = p_t joint p_l. The state is read after the bare items of the history
//                   (state_prompt items) or at the end of p_t (user).
// Order `hoisted`:  everything of hoisted_prompt before {history} once, then the items; the state
//                   is read at the last item, and the reward at the last token of {item}, in a
//                   branch behind the history. The selection prompt is the paper's.
//
// The text between two items is one string for the tokenizer, without the special tokens that the
// tokenizer adds to whole texts. So what stands between two items never depends on the items. With
// `items: titles` each title is a string of its own, too.
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
  // `titles`: with `items: titles` the text of each item in prompts, text j of item j + 1, not
  // empty; ignored otherwise. A title without tokens is written "unknown". `begin`: the model's
  // begin token, -1 when it has none.
  //
  // Throws ConfigError "le: PARAMETER: ..." for a wording that lacks a place or has another one,
  // for a hoisted prompt with text after {item}, for labels that are not one token each or are
  // equal (it proposes labels of this model), for `begin_token` without such a token, and with
  // `state_prompt: user` for a joint that the tokenizer merges with the end of the user prompt,
  // because the state is read between them.
  Prompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
          int64_t begin, const std::vector<std::string>& titles);

  // Adds the history's part of a tree, with all items of `items`, oldest first, at least one.
  // Result i is the last row of item i: what follows a history of i + 1 items branches there. The
  // text before the history is shared by all histories of the forest. `state` chooses the tree for
  // states, which is that for rewards when one_tree().
  std::vector<int64_t> add_history(lm::Forest& forest, std::span<const int64_t> items,
                                   bool state) const;
  // The same for read_selection().
  std::vector<int64_t> add_history_for_lists(lm::Forest& forest,
                                             std::span<const int64_t> items) const;

  // Whether states and rewards stand in one tree, so that one pass gives both.
  bool one_tree() const;

  // These read what follows the history that ends at `row`, a result of the functions above. They
  // return the row of hidden_states() that will hold it.
  int64_t read_state(lm::Forest& forest, int64_t row) const;
  // The row whose score is the reward of `item`. All actions of a history share the text before
  // them.
  int64_t read_reward(lm::Forest& forest, int64_t row, int64_t item) const;
  // The row whose next token is a label. Throws ConfigError for more candidates than labels.
  int64_t read_selection(lm::Forest& forest, int64_t row, std::span<const int64_t> list) const;

  const Ids& labels() const { return labels_; }  // of the places of the list, first to last

  // The whole prompts as ids, one after another as they are sent, up to the row that is read: what
  // the forest's path to that row is.
  Ids state_prompt(std::span<const int64_t> history) const;
  Ids reward_prompt(std::span<const int64_t> history, int64_t item) const;
  Ids selection_prompt(std::span<const int64_t> history, std::span<const int64_t> list) const;

  // The number of ids of the longest prompt after so many items, at least one: for states and
  // rewards, for selections with as many candidates as there are labels, and of both.
  int64_t longest_asked(int64_t history) const;
  int64_t longest_selection(int64_t history) const;
  int64_t longest(int64_t history) const;

 private:
  // So many times the item that is written with the most ids.
  std::vector<int64_t> longest_items(int64_t count) const;

  struct Parts;  // the ids of the texts between places
  std::shared_ptr<const Parts> parts_;
  Ids labels_;
};

// The ids that each prompt begins with: the begin token with `begin_token`, otherwise none. Throws
// ConfigError when the model has no such token.
Ids begin_ids(const Settings& settings, int64_t begin);

}  // namespace lea::le
