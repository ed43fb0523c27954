#include "plugins/le/prompts.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/le/wording.h"

namespace lea::le {
namespace {

[[noreturn]] void refuse(const std::string& parameter, const std::string& what) {
  throw ConfigError("le: " + parameter + ": " + what);
}

}  // namespace

struct Prompts::Parts {
  ItemIds item;
  bool one_tree = false, mean = false;
  HistoryIds state = {}, reward = {};
  Ids state_tail = {};  // what follows the history before the state is read
  // Around the action; the first follows state_tail in one tree.
  Ids to_action = {}, after_action = {};

  int64_t read(lm::Forest& forest, int64_t row) const { return mean ? row : forest.read(row); }

  // What follows the history up to the row that is read.
  Ids action(int64_t item_id) const {
    Ids ids = item(item_id);
    append(ids, after_action);
    return ids;
  }
};

Prompts::Prompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
                 int64_t begin, const std::vector<std::string>& titles) {
  const auto encode = [&](const std::string& text, const std::string& parameter) {
    return tokenizer.encode_part(text, "le: " + parameter);
  };
  const auto parts =
      std::make_shared<Parts>(Parts{.item = ItemIds(settings, tokenizer, vocabulary, titles)});
  parts->mean = settings.hidden_state == "mean";
  const Ids start = begin_ids(settings, begin), separator = encode(settings.separator, "separator");
  const auto history = [&](const std::string& header, const std::string& parameter) {
    HistoryIds ids = {start, separator};
    append(ids.header, encode(header, parameter));
    return ids;
  };
  if (settings.order == "hoisted") {
    const auto hoisted =
        texts_around(settings.hoisted_prompt, {"history", "item"}, "le: hoisted_prompt");
    if (!hoisted[2].empty()) {
      refuse("hoisted_prompt", "must end with {item}, but " + in_backticks(hoisted[2]) +
                                   " follows. The reward is read at the item, so that text would "
                                   "change nothing");
    }
    parts->one_tree = true;
    parts->state = parts->reward = history(hoisted[0], "hoisted_prompt");
    parts->to_action = encode(hoisted[1], "hoisted_prompt");
    parts_ = parts;
    return;
  }
  const auto user = texts_around(settings.user_prompt, {"history"}, "le: user_prompt"),
             action = texts_around(settings.action_prompt, {"item"}, "le: action_prompt");
  parts->reward = history(user[0], "user_prompt");
  parts->to_action = encode(user[1] + settings.joint + action[0], "action_prompt");
  parts->after_action = encode(action[1], "action_prompt");
  if (settings.state_prompt == "items") {
    // Bare tokens need nothing between them, but titles would run together.
    parts->state = {start, parts->item.are_titles() ? separator : Ids()};
    parts_ = parts;
    return;
  }
  parts->one_tree = true;
  parts->state = parts->reward;
  const Ids tail = encode(user[1], "user_prompt");
  Ids& whole = parts->to_action;
  if (tail.size() > whole.size() || !std::equal(tail.begin(), tail.end(), whole.begin())) {
    refuse("joint",
           "with `state_prompt: user` the state is read at the end of the user prompt, "
           "but this model's tokenizer merges " +
               in_backticks(user[1]) + " with the text that follows, " +
               in_backticks(settings.joint + action[0]) +
               ". Change the joint or the end of the user prompt, for example with a "
               "newline between them");
  }
  parts->state_tail = tail;
  whole.erase(whole.begin(), whole.begin() + std::ssize(tail));
  parts_ = parts;
}

bool Prompts::one_tree() const { return parts_->one_tree; }

bool Prompts::reads_mean() const { return parts_->mean; }

std::vector<int64_t> Prompts::add_history(lm::Forest& forest, std::span<const int64_t> items,
                                          bool state) const {
  return (state ? parts_->state : parts_->reward).add(forest, parts_->item, items);
}

int64_t Prompts::read_state(lm::Forest& forest, int64_t row) const {
  return parts_->read(forest, append_shared(forest, row, parts_->state_tail));
}

int64_t Prompts::read_reward(lm::Forest& forest, int64_t row, int64_t item) const {
  // The text before the action is shared by all actions of the history.
  const int64_t tail = append_shared(forest, row, parts_->state_tail);
  return parts_->read(
      forest, forest.add(append_shared(forest, tail, parts_->to_action), parts_->action(item)));
}

Ids Prompts::state_prompt(std::span<const int64_t> history) const {
  Ids ids = parts_->state.prompt(parts_->item, history);
  append(ids, parts_->state_tail);
  return ids;
}

Ids Prompts::reward_prompt(std::span<const int64_t> history, int64_t item) const {
  Ids ids = parts_->reward.prompt(parts_->item, history);
  append(ids, parts_->state_tail);
  append(ids, parts_->to_action);
  append(ids, parts_->action(item));
  return ids;
}

int64_t Prompts::longest(int64_t history) const {
  const std::vector<int64_t> items = parts_->item.longest(history);
  return std::max(std::ssize(state_prompt(items)), std::ssize(reward_prompt(items, items[0])));
}

}  // namespace lea::le
