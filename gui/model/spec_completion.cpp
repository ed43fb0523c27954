#include "gui/model/spec_completion.h"

#include <algorithm>

#include "core/base/letter_case.h"
#include "core/spec/yaml_places.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

using Wants = SpecPlace::Wants;
using Opens = Suggestion::Opens;

constexpr const char* kStep = "  ";  // a map is indented so far below its key

// 0 begins with the word, 1 contains it, 2 neither.
int rank_of(const std::string& text, const std::string& word) {
  const size_t found = lower(text).find(word);
  return found == 0 ? 0 : found == std::string::npos ? 2 : 1;
}

QString line_of(const Suggestion& suggestion) {
  QString line = shown(suggestion.text);
  if (!suggestion.detail.empty()) line += ": " + shown(suggestion.detail);
  if (!suggestion.help.empty())
    line += (suggestion.detail.empty() ? ": " : ". ") + shown(suggestion.help);
  return line;
}

}  // namespace

std::vector<Suggestion> SpecCompletion::all_at_place() const {
  const SpecSchema schema(*facts_, outline_);
  if (place_.wants == Wants::kNothing) return {};
  if (place_.wants == Wants::kKey) return schema.keys(place_.path);
  std::vector<Suggestion> found = schema.values(place_.path);
  if (place_.wants == Wants::kValue) return found;
  for (Suggestion& key : schema.keys(place_.path)) {
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const Suggestion& other) { return other.text == key.text; });
    if (!known) found.push_back(std::move(key));
  }
  return found;
}

void SpecCompletion::look(std::string_view text, size_t at) {
  place_ = place_in_spec(text, at);
  const std::string word = lower(text.substr(place_.begin, at - place_.begin));
  has_word_ = !word.empty();
  size_t behind = place_.end;
  while (behind < text.size() && text[behind] == ' ') ++behind;
  colon_follows_ = behind < text.size() && text[behind] == ':';
  value_follows_ = behind < text.size() && text[behind] != '\n' && text[behind] != '#';
  std::vector<Suggestion> found = all_at_place();
  const std::vector<std::string>& stated = place_.stated;
  std::erase_if(found, [&](const Suggestion& one) {
    return rank_of(one.text, word) == 2 ||
           std::find(stated.begin(), stated.end(), one.text) != stated.end();
  });
  std::stable_sort(found.begin(), found.end(), [&](const Suggestion& a, const Suggestion& b) {
    return rank_of(a.text, word) < rank_of(b.text, word);
  });
  beginResetModel();
  suggestions_ = std::move(found);
  endResetModel();
}

Completion SpecCompletion::completion(int row) const {
  const Suggestion& chosen = suggestions_.at(static_cast<size_t>(row));
  Completion made{place_.begin, place_.end, chosen.text, chosen.text.size()};
  if (!chosen.is_key || colon_follows_) return made;
  made.goes_on = true;
  made.text += chosen.opens == Opens::kMap && !place_.in_brackets && !value_follows_
                   ? ":\n" + std::string(place_.column, ' ') + kStep
                   : ": ";
  made.cursor = made.text.size();
  if (value_follows_ && !place_.in_brackets) return made;
  if (chosen.opens == Opens::kList) made.text += "[]";
  if (chosen.opens == Opens::kMap && place_.in_brackets) made.text += "{}";
  if (made.text.size() > made.cursor) ++made.cursor;
  return made;
}

QString SpecCompletion::help(std::string_view text, size_t at) const {
  // What the whole word is decides, wherever in it the place is.
  const size_t end = place_in_spec(text, at).end;
  const SpecPlace place = place_in_spec(text, std::max(at, end));
  spec::Path path = place.path;
  if (place.wants == Wants::kNothing) return "";
  const SpecSchema schema(*facts_, outline_);
  const std::string word(text.substr(place.begin, place.end - place.begin));
  if (place.wants == Wants::kKey) {
    if (word.empty()) return "";
    path.emplace_back(word);
    const Suggestion key = schema.key(path);
    return key.text.empty() ? "" : line_of(key);
  }
  for (const Suggestion& value : schema.values(path)) {
    if (!word.empty() && value.text == word && !value.is_key) {
      const bool plugin = !value.detail.empty() && value.detail != "the default";
      if (plugin) return line_of(value);
    }
  }
  while (!path.empty() && std::holds_alternative<size_t>(path.back())) path.pop_back();
  const Suggestion key = schema.key(path);
  return key.text.empty() ? "" : line_of(key);
}

int SpecCompletion::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(suggestions_.size());
}

QVariant SpecCompletion::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const Suggestion& one = suggestions_[static_cast<size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return shown(one.text);
    case kDetail:
      return shown(one.detail.empty() ? one.help : one.detail);
    case Qt::ToolTipRole:
      return plain_tip(line_of(one));
    case Qt::AccessibleTextRole:
      return line_of(one);
    default:
      return {};
  }
}

}  // namespace lea::gui
