#include "plugins/le/selection_prompts.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/le/wording.h"

namespace lea::le {
namespace {

[[noreturn]] void refuse(const std::string& parameter, const std::string& what) {
  throw ConfigError("le: " + parameter + ": " + what);
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
  const std::vector<std::string> words = between_bars(labels);
  Ids ids;
  std::map<int64_t, std::string> word_of;
  for (const std::string& word : words) {
    const Ids own = tokenizer.encode_part(word, "le: labels");
    if (own.size() != 1) {
      refuse("labels", in_backticks(word) + " is " + counted(std::ssize(own), "token") +
                           " of this model, and a label must be one" +
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

}  // namespace

SelectionPrompts::SelectionPrompts(const Settings& settings, const lm::Tokenizer& tokenizer,
                                   int64_t vocabulary, int64_t begin,
                                   const std::vector<std::string>& titles)
    : item_(settings, tokenizer, vocabulary, titles) {
  const auto encode = [&](const std::string& text, const std::string& parameter) {
    return tokenizer.encode_part(text, "le: " + parameter);
  };
  const auto user = texts_around(settings.user_prompt, {"history"}, "le: user_prompt");
  const auto selection = texts_around(settings.selection_prompt, {"list"}, "le: selection_prompt");
  const std::vector<Piece> candidate = parse_wording(settings.list_item, "le: list_item");
  require_places(candidate, {"item"}, "le: list_item", {"number"});
  labels_ = labels_of(settings.labels, tokenizer);

  history_.header = begin_ids(settings, begin);
  append(history_.header, encode(user[0], "user_prompt"));
  history_.separator = encode(settings.separator, "separator");
  for (size_t i = 0; i < labels_.size(); ++i) {
    const auto [before, after] = around_candidate(candidate, i + 1);
    if (i == 0)
      to_list_ = encode(user[1] + settings.joint + selection[0] + before, "selection_prompt");
    next_.push_back(encode(
        after + settings.list_separator + around_candidate(candidate, i + 2).first, "list_item"));
    closing_.push_back(encode(after + selection[1], "selection_prompt"));
  }
}

std::vector<int64_t> SelectionPrompts::add_history(lm::Forest& forest,
                                                   std::span<const int64_t> items) const {
  return history_.add(forest, item_, items);
}

int64_t SelectionPrompts::read(lm::Forest& forest, int64_t row,
                               std::span<const int64_t> list) const {
  return forest.read(forest.add(append_shared(forest, row, to_list_), candidates(list)));
}

Ids SelectionPrompts::prompt(std::span<const int64_t> history,
                             std::span<const int64_t> list) const {
  Ids ids = history_.prompt(item_, history);
  append(ids, to_list_);
  append(ids, candidates(list));
  return ids;
}

int64_t SelectionPrompts::longest(int64_t history) const {
  return std::ssize(prompt(item_.longest(history), item_.longest(std::ssize(labels_))));
}

Ids SelectionPrompts::candidates(std::span<const int64_t> list) const {
  if (list.empty()) throw std::invalid_argument("le: an empty list of candidates");
  if (list.size() > next_.size()) {
    refuse("labels", std::string(next_.size() == 1 ? "there is " : "there are ") +
                         counted(std::ssize(next_), "label") + ", but a list has " +
                         counted(std::ssize(list), "candidate"));
  }
  Ids ids;
  for (size_t i = 0; i < list.size(); ++i) {
    append(ids, item_(list[i]));
    append(ids, i + 1 < list.size() ? next_[i] : closing_[i]);
  }
  return ids;
}

}  // namespace lea::le
