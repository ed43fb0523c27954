// The prompts of the paper's section 3.2 for states and rewards, as token ids, and the forests
// (core/lm/forest.h) that hold many of them at once. See selection_prompts.h for lists.
//
// Order `paper`:    p_t = user_prompt with the history; reward prompt = p_t joint p_a. The state is
//                   read after the bare items of the history (state_prompt items) or at the end of
//                   p_t (user).
// Order `hoisted`:  everything of hoisted_prompt before {history} once, then the items; the state
//                   is read at the last item, and the reward at the last token of {item}, in a
//                   branch behind the history.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/le/history_ids.h"

namespace lea::le {

class Prompts {
 public:
  // `titles`: see ItemIds. `begin`: the model's begin token, -1 when it has none.
  //
  // Throws ConfigError "le: PARAMETER: ..." for a wording of the settings' order that lacks a place
  // or has another one, for a hoisted prompt with text after {item}, for `begin_token` without such
  // a token, and with `state_prompt: user` for a joint that the tokenizer merges with the end of the
  // user prompt, because the state is read between them. Wordings of the other order may be
  // anything.
  Prompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
          int64_t begin, const std::vector<std::string>& titles);

  // Adds the history's part of a tree (HistoryIds::add). `state` chooses the tree for states, which
  // is that for rewards when one_tree().
  std::vector<int64_t> add_history(lm::Forest& forest, std::span<const int64_t> items,
                                   bool state) const;

  // Whether states and rewards stand in one tree, so that one pass gives both.
  bool one_tree() const;

  // Whether states and rewards are read from the mean over the positions of their prompts.
  bool reads_mean() const;

  // These read what follows the history that ends at `row`, a result of add_history(). They return
  // the row of hidden_states() that will hold it; with reads_mean() the last row of the prompt in the
  // forest, and request nothing.
  int64_t read_state(lm::Forest& forest, int64_t row) const;
  // The row whose score is the reward of `item`. All actions of a history share the text before
  // them.
  int64_t read_reward(lm::Forest& forest, int64_t row, int64_t item) const;

  // The whole prompts as ids, one after another as they are sent, up to the row that is read: what
  // the forest's path to that row is.
  Ids state_prompt(std::span<const int64_t> history) const;
  Ids reward_prompt(std::span<const int64_t> history, int64_t item) const;

  // The number of ids of the longest of these prompts after so many items, at least one.
  int64_t longest(int64_t history) const;

 private:
  struct Parts;  // the ids of the texts between places
  std::shared_ptr<const Parts> parts_;
};

}  // namespace lea::le
