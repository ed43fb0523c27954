#include "plugins/le/item_texts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/le/prompts.h"
#include "plugins/le/wording.h"

namespace lea::le {
namespace {

constexpr const char* kItem = "item";  // the place of the item's token
constexpr const char* kWhiteSpace = " \t\r\n";
constexpr int64_t kTitlesOfSample = 1000;
constexpr uint64_t kShuffleStream = 0x5e27;  // of the random numbers of `texts: shuffled`

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

// The largest number of bytes, at most `size`, at which a character ends.
size_t end_of_character(const std::string& text, size_t size) {
  if (size >= text.size()) return text.size();
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return size;
}

// The beginning of the text that has at most `cap` tokens. It looks at the first bytes alone as far
// as it can, because descriptions are long.
std::string cut_to(const std::string& text, int64_t cap, const lm::Tokenizer& tokenizer,
                   const std::string& where) {
  const auto fits = [&](size_t size) {
    return std::ssize(tokenizer.encode_part(text.substr(0, size), where)) <= cap;
  };
  size_t fitting = 0, beyond = end_of_character(text, static_cast<size_t>(cap) * 4);
  while (beyond > fitting && fits(beyond)) {
    if (beyond == text.size()) return text;
    fitting = beyond;
    beyond = end_of_character(text, 2 * beyond);
  }
  while (true) {
    size_t middle = end_of_character(text, fitting + (beyond - fitting) / 2);
    if (middle <= fitting) {  // the next character
      middle = fitting + 1;
      while (middle < beyond && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80) ++middle;
    }
    if (middle >= beyond) return trimmed(text.substr(0, fitting));
    (fits(middle) ? fitting : beyond) = middle;
  }
}

// The columns of the item texts, read once each.
class Columns {
 public:
  explicit Columns(PrepareContext& context) : context_(context), names_(context.text_columns()) {
    if (names_.empty()) {
      throw ConfigError(
          "le: the data set has no item texts. Put an items.tsv beside its interactions and import "
          "it again");
    }
  }

  void require(const std::vector<Piece>& pieces, const std::string& where) {
    for (const Piece& piece : pieces) {
      const std::string& column = piece.place;
      if (column.empty() || column == kItem || texts_.contains(column)) continue;
      if (std::find(names_.begin(), names_.end(), column) == names_.end()) {
        throw ConfigError(where + ": the item texts have no column " + in_backticks(column) +
                          did_you_mean(column, names_) + " (there are: " + joined(names_) + ")");
      }
      std::vector<std::string> texts = context_.texts(column);
      for (std::string& text : texts) text = trimmed(text);
      texts_.emplace(column, std::move(texts));
    }
  }

  const std::string& text(const std::string& column, size_t item) const {
    return texts_.at(column)[item];
  }

 private:
  PrepareContext& context_;
  const std::vector<std::string> names_;
  std::map<std::string, std::vector<std::string>> texts_;
};

// Fills the places of wordings with the texts of items.
class Writer {
 public:
  Writer(const Columns& columns, const lm::Tokenizer& tokenizer)
      : columns_(columns), tokenizer_(tokenizer) {}

  bool empty(const std::vector<Piece>& pieces, size_t item) const {
    return std::all_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      return piece.place.empty() || piece.place == kItem ||
             columns_.text(piece.place, item).empty();
    });
  }

  // The texts before and after {item}; all of it before where there is no such place.
  std::pair<std::string, std::string> fill(const std::vector<Piece>& pieces, size_t item) {
    std::pair<std::string, std::string> texts;
    std::string* text = &texts.first;
    for (const Piece& piece : pieces) {
      if (piece.place == kItem)
        text = &texts.second;
      else
        *text += piece.place.empty() ? piece.text : column(piece, item);
    }
    return texts;
  }

  bool has_cut() const { return has_cut_; }
  void forget_cuts() { has_cut_ = false; }

 private:
  std::string column(const Piece& piece, size_t item) {
    const std::string& text = columns_.text(piece.place, item);
    if (piece.cap == 0) return text;
    std::string cut =
        cut_to(text, piece.cap, tokenizer_, piece.place + " of item " + std::to_string(item + 1));
    has_cut_ |= cut.size() < text.size();
    return cut;
  }

  const Columns& columns_;
  const lm::Tokenizer& tokenizer_;
  bool has_cut_ = false;
};

// Whose texts each item gets.
std::vector<size_t> sources(const Settings& settings, size_t items) {
  std::vector<size_t> source(items);
  std::iota(source.begin(), source.end(), size_t{0});
  if (settings.texts != "shuffled") return source;
  for (size_t i = items; i > 1; --i) {
    const uint64_t bits = mix(static_cast<uint64_t>(settings.seed), kShuffleStream, i);
    std::swap(source[i - 1], source[static_cast<size_t>(unit(bits) * static_cast<double>(i))]);
  }
  return source;
}

std::vector<Piece> sentence_pieces(const Settings& settings) {
  const std::string where = "le: item_sentence";
  std::vector<Piece> pieces = parse_wording(settings.item_sentence, where);
  std::vector<Piece> without_columns;
  for (const Piece& piece : pieces) {
    if (piece.place.empty() || piece.place == kItem) without_columns.push_back(piece);
  }
  require_places(without_columns, {kItem}, where);
  if (without_columns.size() == pieces.size())
    throw ConfigError(where + ": names no column, so all items would have the same token");
  if (pieces.back().place == kItem) {
    throw ConfigError(where +
                      ": must have text after {item}, because the token is learned from the words "
                      "that follow it");
  }
  return pieces;
}

std::vector<Piece> title_pieces(const Settings& settings) {
  if (settings.items != "titles") return {};
  std::vector<Piece> pieces = parse_wording(settings.title, "le: title");
  const auto is_column = [](const Piece& piece) { return !piece.place.empty(); };
  if (std::none_of(pieces.begin(), pieces.end(), is_column))
    throw ConfigError("le: title: names no column, so all items would be the same");
  for (const Piece& piece : pieces) {
    if (piece.place == kItem)
      throw ConfigError("le: title: has no place {item}, because it stands for the item itself");
  }
  return pieces;
}

}  // namespace

ItemTexts item_texts(const Settings& settings, const lm::Tokenizer& tokenizer,
                     PrepareContext& context, int64_t begin, bool show) {
  const Ids start = begin_ids(settings, begin);
  const std::vector<Piece> sentence = sentence_pieces(settings), title = title_pieces(settings);
  Columns columns(context);
  columns.require(sentence, "le: item_sentence");
  columns.require(title, "le: title");

  ItemTexts texts;
  Writer writer(columns, tokenizer);
  for (const size_t source : sources(settings, static_cast<size_t>(context.items()))) {
    writer.forget_cuts();
    if (show) texts.shown.push_back("no text");
    Sentence& words = texts.sentences.emplace_back();
    if (writer.empty(sentence, source)) {
      ++texts.without_text;
    } else {
      const auto [before, after] = writer.fill(sentence, source);
      const std::string where = "the sentence of item " + std::to_string(source + 1);
      words = {tokenizer.encode_part(before, where), tokenizer.encode_part(after, where),
               start.empty() ? -1 : start[0]};
      if (show)
        texts.shown.back() = before + "<item " + std::to_string(texts.shown.size()) + ">" + after;
    }
    if (!title.empty()) texts.titles.push_back(writer.fill(title, source).first);
    texts.cut += writer.has_cut();
  }
  if (texts.without_text == context.items()) {
    throw DataError(
        "le: no item has a text in the columns of item_sentence. Import the data set again with "
        "item texts, or name other columns");
  }
  return texts;
}

std::vector<std::string> typical_title(const Settings& settings, const lm::Tokenizer& tokenizer,
                                       PrepareContext& context) {
  const std::vector<Piece> pieces = title_pieces(settings);
  if (pieces.empty()) return {};
  Columns columns(context);
  columns.require(pieces, "le: title");
  Writer writer(columns, tokenizer);
  // Evenly over the items. `texts: shuffled` has the same titles in another order.
  const int64_t items = context.items(), sampled = std::min(items, kTitlesOfSample);
  int64_t tokens = 0, most = -1;
  std::string longest;
  for (int64_t i = 0; i < sampled; ++i) {
    const int64_t item = i * items / sampled;
    const std::string title = writer.fill(pieces, static_cast<size_t>(item)).first;
    const int64_t size =
        std::ssize(tokenizer.encode_part(title, "the title of item " + std::to_string(item + 1)));
    tokens += size;
    if (size <= most) continue;
    most = size;
    longest = title;
  }
  const auto mean = std::llround(static_cast<double>(tokens) / static_cast<double>(sampled));
  return {cut_to(longest, std::max<int64_t>(mean, 1), tokenizer, "a title")};
}

}  // namespace lea::le
