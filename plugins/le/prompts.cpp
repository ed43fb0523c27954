#include "plugins/le/prompts.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/le/wording.h"

namespace lea::le {
namespace {

constexpr const char* kUntitled = "unknown";  // an item whose title has no token

[[noreturn]] void refuse(const std::string& parameter, const std::string& what) {
  throw ConfigError("le: " + parameter + ": " + what);
}

// The texts around the places of a wording that must hold these places.
std::vector<std::string> texts_of(const std::string& wording, const std::string& parameter,
                                  const std::vector<std::string>& places) {
  const std::vector<Piece> pieces = parse_wording(wording, "le: " + parameter);
  require_places(pieces, places, "le: " + parameter);
  std::vector<std::string> found;
  for (const Piece& piece : pieces) {
    if (!piece.place.empty()) found.push_back(piece.place);
  }
  if (found != places) refuse(parameter, "must hold {history} before {item}");
  return texts_around(pieces);
}

std::vector<std::string> words_of(const std::string& labels) {
  std::vector<std::string> words(1);
  for (const char letter : labels) {
    if (letter == '|')
      words.emplace_back();
    else
      words.back() += letter;
  }
  return words;
}

// Spellings of so many labels that models often have as single tokens.
std::vector<std::vector<std::string>> usual_labels(size_t count) {
  static const std::vector<std::string> kWords = {"first", "second",  "third",  "fourth", "fifth",
                                                  "sixth", "seventh", "eighth", "ninth",  "tenth"};
  std::vector<std::vector<std::string>> usual;
  for (const std::string space : {"", " "}) {
    std::vector<std::string> words, capitals, digits, letters;
    for (size_t i = 0; i < count; ++i) {
      digits.push_back(space + std::to_string(i + 1));
      if (i < 26) letters.push_back(space + static_cast<char>('A' + i));
      if (i >= kWords.size()) continue;
      words.push_back(space + kWords[i]);
      capitals.push_back(words.back());
      char& initial = capitals.back()[space.size()];
      initial = static_cast<char>(initial - 'a' + 'A');
    }
    for (const auto& labels : {words, capitals, digits, letters}) {
      if (labels.size() == count) usual.push_back(labels);
    }
  }
  return usual;
}

bool are_single_tokens(const std::vector<std::string>& labels, const lm::Tokenizer& tokenizer) {
  std::map<Ids, size_t> seen;
  for (const std::string& label : labels) {
    const Ids ids = tokenizer.encode_part(label);
    if (ids.size() != 1 || ++seen[ids] > 1) return false;
  }
  return true;
}

std::string proposals(size_t count, const lm::Tokenizer& tokenizer) {
  std::vector<std::string> fitting;
  for (const auto& labels : usual_labels(count)) {
    if (are_single_tokens(labels, tokenizer)) fitting.push_back(in_backticks(joined(labels, "|")));
  }
  if (fitting.empty()) return ". Look for words that are with `lealab lm tokenize`";
  return ". Labels that are: " + joined(fitting, ", ");
}

Ids labels_of(const std::string& labels, const lm::Tokenizer& tokenizer) {
  const std::vector<std::string> words = words_of(labels);
  Ids ids;
  std::map<int64_t, std::string> word_of;
  for (const std::string& word : words) {
    const Ids own = tokenizer.encode_part(word, "le: labels");
    if (own.size() != 1) {
      refuse("labels", in_backticks(word) + " is " + std::to_string(own.size()) +
                           " tokens of this model, and a label must be one" +
                           proposals(words.size(), tokenizer));
    }
    const auto [other, fresh] = word_of.emplace(own[0], word);
    if (!fresh) {
      refuse("labels", in_backticks(other->second) + " and " + in_backticks(word) +
                           " are the same token of this model, and labels must differ" +
                           proposals(words.size(), tokenizer));
    }
    ids.push_back(own[0]);
  }
  return ids;
}

// The texts around an item of the list that stands at this place, from 1.
std::pair<std::string, std::string> around_candidate(const std::vector<Piece>& pieces,
                                                     size_t place) {
  std::pair<std::string, std::string> around;
  bool behind = false;
  for (const Piece& piece : pieces) {
    if (piece.place == "item") {
      behind = true;
      continue;
    }
    (behind ? around.second : around.first) +=
        piece.place == "number" ? std::to_string(place) : piece.text;
  }
  return around;
}

void append(Ids& ids, const Ids& more) { ids.insert(ids.end(), more.begin(), more.end()); }

int64_t append_shared(lm::Forest& forest, int64_t row, const Ids& ids) {
  return ids.empty() ? row : forest.add_shared(row, ids);
}

}  // namespace

struct Prompts::Parts {
  // The beginning of a tree: what precedes the history, and what stands between its items.
  struct Tree {
    Ids header, separator;
  };
  int64_t vocabulary = 0;
  std::vector<Ids> titles;  // with `items: titles`
  bool one_tree = false;
  Tree state, reward, list;
  Ids state_tail;                  // what follows the history before the state is read
  Ids to_action, after_action;     // around the action; the first follows state_tail in one tree
  Ids to_list;                     // before the first candidate
  std::vector<Ids> next, closing;  // after candidate i when another follows, and when none does

  Ids item(int64_t item) const {
    if (item < 1 || (!titles.empty() && item > std::ssize(titles)))
      throw std::invalid_argument("le: a prompt with an item that does not exist");
    if (titles.empty()) return {vocabulary + item - 1};
    return titles[static_cast<size_t>(item - 1)];
  }

  // The items with their separators. `ends`, if given, receives the place of each item's last id.
  Ids chain(const Tree& tree, std::span<const int64_t> items,
            std::vector<int64_t>* ends = nullptr) const {
    Ids ids;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) append(ids, tree.separator);
      append(ids, item(items[i]));
      if (ends) ends->push_back(std::ssize(ids) - 1);
    }
    return ids;
  }

  std::vector<int64_t> add(lm::Forest& forest, const Tree& tree,
                           std::span<const int64_t> items) const {
    if (items.empty()) throw std::invalid_argument("le: a prompt with an empty history");
    std::vector<int64_t> ends;
    const Ids ids = chain(tree, items, &ends);
    const int64_t header = append_shared(forest, lm::Forest::kStart, tree.header);
    const int64_t first = forest.add(header, ids) - std::ssize(ids) + 1;
    for (int64_t& end : ends) end += first;
    return ends;
  }

  // What follows the history up to the row that is read.
  Ids action(int64_t item_id) const {
    Ids ids = item(item_id);
    append(ids, after_action);
    return ids;
  }
  Ids candidates(std::span<const int64_t> list) const {
    if (list.empty()) throw std::invalid_argument("le: an empty list of candidates");
    if (list.size() > next.size()) {
      refuse("labels", "there are " + counted(std::ssize(next), "label") + ", but a list has " +
                           counted(std::ssize(list), "candidate"));
    }
    Ids ids;
    for (size_t i = 0; i < list.size(); ++i) {
      append(ids, item(list[i]));
      append(ids, i + 1 < list.size() ? next[i] : closing[i]);
    }
    return ids;
  }

  Ids prompt(const Tree& tree, std::span<const int64_t> history) const {
    Ids ids = tree.header;
    append(ids, chain(tree, history));
    return ids;
  }
};

Prompts::Prompts(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
                 int64_t begin, const std::vector<std::string>& titles) {
  const auto encode = [&](const std::string& text, const std::string& parameter) {
    return tokenizer.encode_part(text, "le: " + parameter);
  };
  const Ids start = begin_ids(settings, begin);
  const auto header = [&](const std::string& text, const std::string& parameter) {
    Ids ids = start;
    append(ids, encode(text, parameter));
    return ids;
  };
  const auto user = texts_of(settings.user_prompt, "user_prompt", {"history"});
  const auto action = texts_of(settings.action_prompt, "action_prompt", {"item"});
  const auto selection = texts_of(settings.selection_prompt, "selection_prompt", {"list"});
  const auto hoisted = texts_of(settings.hoisted_prompt, "hoisted_prompt", {"history", "item"});
  if (!hoisted[2].empty()) {
    refuse("hoisted_prompt", "must end with {item}, but " + in_backticks(hoisted[2]) +
                                 " follows. The reward is read at the item, so that text would "
                                 "change nothing");
  }

  auto parts = std::make_shared<Parts>();
  parts->vocabulary = vocabulary;
  if (settings.items == "titles") {
    for (size_t i = 0; i < titles.size(); ++i) {
      parts->titles.push_back(
          tokenizer.encode_part(titles[i], "the title of item " + std::to_string(i + 1)));
      if (parts->titles.back().empty()) parts->titles.back() = encode(kUntitled, "title");
    }
    if (titles.empty()) throw std::invalid_argument("le: `items: titles` without titles");
  }
  const bool is_hoisted = settings.order == "hoisted", in_user = settings.state_prompt == "user";
  parts->one_tree = is_hoisted || in_user;

  const Ids separator = encode(settings.separator, "separator");
  parts->list = {header(user[0], "user_prompt"), separator};
  if (is_hoisted) {
    parts->reward = {header(hoisted[0], "hoisted_prompt"), separator};
    parts->to_action = encode(hoisted[1], "hoisted_prompt");
  } else {
    parts->reward = parts->list;
    parts->to_action = encode(user[1] + settings.joint + action[0], "action_prompt");
    parts->after_action = encode(action[1], "action_prompt");
  }
  // Bare tokens need nothing between them, but titles would run together.
  parts->state = parts->one_tree ? parts->reward
                                 : Parts::Tree{start, parts->titles.empty() ? Ids() : separator};
  if (in_user && !is_hoisted) {
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
  }

  labels_ = labels_of(settings.labels, tokenizer);
  const std::vector<Piece> candidate = parse_wording(settings.list_item, "le: list_item");
  require_places(candidate, {"item"}, "le: list_item", {"number"});
  for (size_t i = 0; i < labels_.size(); ++i) {
    const auto [before, after] = around_candidate(candidate, i + 1);
    if (i == 0) {
      parts->to_list = encode(user[1] + settings.joint + selection[0] + before, "selection_prompt");
    }
    parts->next.push_back(encode(
        after + settings.list_separator + around_candidate(candidate, i + 2).first, "list_item"));
    parts->closing.push_back(encode(after + selection[1], "selection_prompt"));
  }
  parts_ = parts;
}

bool Prompts::one_tree() const { return parts_->one_tree; }

std::vector<int64_t> Prompts::add_history(lm::Forest& forest, std::span<const int64_t> items,
                                          bool state) const {
  return parts_->add(forest, state ? parts_->state : parts_->reward, items);
}

std::vector<int64_t> Prompts::add_history_for_lists(lm::Forest& forest,
                                                    std::span<const int64_t> items) const {
  return parts_->add(forest, parts_->list, items);
}

int64_t Prompts::read_state(lm::Forest& forest, int64_t row) const {
  return forest.read(append_shared(forest, row, parts_->state_tail));
}

int64_t Prompts::read_reward(lm::Forest& forest, int64_t row, int64_t item) const {
  // The text before the action is shared by all actions of the history.
  const int64_t tail = append_shared(forest, row, parts_->state_tail);
  return forest.read(
      forest.add(append_shared(forest, tail, parts_->to_action), parts_->action(item)));
}

int64_t Prompts::read_selection(lm::Forest& forest, int64_t row,
                                std::span<const int64_t> list) const {
  return forest.read(
      forest.add(append_shared(forest, row, parts_->to_list), parts_->candidates(list)));
}

Ids Prompts::state_prompt(std::span<const int64_t> history) const {
  Ids ids = parts_->prompt(parts_->state, history);
  append(ids, parts_->state_tail);
  return ids;
}

Ids Prompts::reward_prompt(std::span<const int64_t> history, int64_t item) const {
  Ids ids = parts_->prompt(parts_->reward, history);
  append(ids, parts_->state_tail);
  append(ids, parts_->to_action);
  append(ids, parts_->action(item));
  return ids;
}

Ids Prompts::selection_prompt(std::span<const int64_t> history,
                              std::span<const int64_t> list) const {
  Ids ids = parts_->prompt(parts_->list, history);
  append(ids, parts_->to_list);
  append(ids, parts_->candidates(list));
  return ids;
}

std::vector<int64_t> Prompts::longest_items(int64_t count) const {
  if (count < 1) throw std::invalid_argument("le: the longest prompt of an empty history");
  int64_t longest = 1;
  for (size_t i = 0; i < parts_->titles.size(); ++i) {
    const int64_t item = static_cast<int64_t>(i) + 1;
    if (parts_->item(item).size() > parts_->item(longest).size()) longest = item;
  }
  return std::vector<int64_t>(static_cast<size_t>(count), longest);
}

int64_t Prompts::longest_asked(int64_t history) const {
  const std::vector<int64_t> items = longest_items(history);
  return std::max(std::ssize(state_prompt(items)), std::ssize(reward_prompt(items, items[0])));
}

int64_t Prompts::longest_selection(int64_t history) const {
  return std::ssize(selection_prompt(longest_items(history), longest_items(std::ssize(labels_))));
}

int64_t Prompts::longest(int64_t history) const {
  return std::max(longest_asked(history), longest_selection(history));
}

Ids begin_ids(const Settings& settings, int64_t begin) {
  if (!settings.begin_token) return {};
  if (begin < 0) {
    refuse("begin_token",
           "this model has no begin token (bos_token_id in its config.json). Leave begin_token "
           "out, or name a model that has one");
  }
  return {begin};
}

}  // namespace lea::le
