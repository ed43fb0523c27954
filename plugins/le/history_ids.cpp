#include "plugins/le/history_ids.h"

#include <stdexcept>

#include "core/base/error.h"

namespace lea::le {
namespace {

constexpr const char* kUntitled = "unknown";  // an item whose title has no token

// The items with their separators. `ends`, if given, receives the place of each item's last id.
Ids chain(const HistoryIds& around, const ItemIds& item, std::span<const int64_t> history,
          std::vector<int64_t>* ends = nullptr) {
  Ids ids;
  for (size_t i = 0; i < history.size(); ++i) {
    if (i > 0) append(ids, around.separator);
    append(ids, item(history[i]));
    if (ends) ends->push_back(std::ssize(ids) - 1);
  }
  return ids;
}

}  // namespace

ItemIds::ItemIds(const Settings& settings, const lm::Tokenizer& tokenizer, int64_t vocabulary,
                 const std::vector<std::string>& titles)
    : vocabulary_(vocabulary) {
  if (settings.items != "titles") return;
  if (titles.empty()) throw std::invalid_argument("le: `items: titles` without titles");
  for (size_t i = 0; i < titles.size(); ++i) {
    titles_.push_back(
        tokenizer.encode_part(titles[i], "the title of item " + std::to_string(i + 1)));
    if (titles_.back().empty()) titles_.back() = tokenizer.encode_part(kUntitled, "le: title");
  }
}

Ids ItemIds::operator()(int64_t item) const {
  if (item < 1 || (!titles_.empty() && item > std::ssize(titles_)))
    throw std::invalid_argument("le: a prompt with an item that does not exist");
  if (titles_.empty()) return {vocabulary_ + item - 1};
  return titles_[static_cast<size_t>(item - 1)];
}

std::vector<int64_t> ItemIds::longest(int64_t count) const {
  if (count < 1) throw std::invalid_argument("le: the longest prompt of an empty history");
  size_t longest = 0;
  for (size_t i = 0; i < titles_.size(); ++i) {
    if (titles_[i].size() > titles_[longest].size()) longest = i;
  }
  return std::vector<int64_t>(static_cast<size_t>(count), static_cast<int64_t>(longest) + 1);
}

Ids HistoryIds::prompt(const ItemIds& item, std::span<const int64_t> history) const {
  Ids ids = header;
  append(ids, chain(*this, item, history));
  return ids;
}

std::vector<int64_t> HistoryIds::add(lm::Forest& forest, const ItemIds& item,
                                     std::span<const int64_t> history) const {
  if (history.empty()) throw std::invalid_argument("le: a prompt with an empty history");
  std::vector<int64_t> ends;
  const Ids ids = chain(*this, item, history, &ends);
  const int64_t start = append_shared(forest, lm::Forest::kStart, header);
  const int64_t first = forest.add(start, ids) - std::ssize(ids) + 1;
  for (int64_t& end : ends) end += first;
  return ends;
}

void append(Ids& ids, const Ids& more) { ids.insert(ids.end(), more.begin(), more.end()); }

int64_t append_shared(lm::Forest& forest, int64_t row, const Ids& ids) {
  return ids.empty() ? row : forest.add_shared(row, ids);
}

Ids begin_ids(const Settings& settings, int64_t begin) {
  if (!settings.begin_token) return {};
  if (begin < 0) {
    throw ConfigError(
        "le: begin_token: this model has no begin token (bos_token_id in its config.json). Leave "
        "begin_token out, or name a model that has one");
  }
  return {begin};
}

}  // namespace lea::le
