// The prompts in which the language model chooses from a list (section 6), as token ids: p_t joint p_l
// in every order of prompts. See prompts.h for those of states and rewards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/le/history_ids.h"

namespace lea::le {

class SelectionPrompts {
 public:
  // The arguments are those of Prompts. Only what chooses from lists makes these prompts, so that an
  // environment that nothing asks to choose needs no labels.
  //
  // Throws ConfigError "le: PARAMETER: ..." for a wording that lacks a place or has another one, for
  // labels that are not one token each or are equal (it proposes labels of this model), and for
  // `begin_token` without such a token.
  SelectionPrompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
                   int64_t begin, const std::vector<std::string>& titles);

  // See HistoryIds::add.
  std::vector<int64_t> add_history(lm::Forest& forest, std::span<const int64_t> items) const;
  // Reads what follows the history that ends at `row`, a result of add_history(): the row of
  // hidden_states() whose next token is a label. Throws ConfigError for more candidates than labels.
  int64_t read(lm::Forest& forest, int64_t row, std::span<const int64_t> list) const;

  const Ids& labels() const { return labels_; }  // of the places of the list, first to last

  // The whole prompt, as the forest's path to the row that is read.
  Ids prompt(std::span<const int64_t> history, std::span<const int64_t> list) const;
  // The number of ids of the longest prompt after so many items, at least one, with as many
  // candidates as there are labels.
  int64_t longest(int64_t history) const;

 private:
  Ids candidates(std::span<const int64_t> list) const;

  ItemIds item_;
  HistoryIds history_;
  Ids to_list_;                      // before the first candidate
  std::vector<Ids> next_, closing_;  // after candidate i when another follows, and when none does
  Ids labels_;
};

}  // namespace lea::le
