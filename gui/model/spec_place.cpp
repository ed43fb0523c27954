#include "gui/model/spec_place.h"

#include <algorithm>

#include "core/spec/yaml_places.h"
#include "gui/model/yaml_words.h"

namespace lea::gui {
namespace {

using Wants = SpecPlace::Wants;

// So far a place looks for the begin of the top key that it belongs to, and for other keys of its map.
constexpr size_t kFar = size_t{1} << 20;

struct Word {
  YamlWord sort;
  size_t begin, end;
};

// A map or list that is open at the place.
struct Level {
  bool list = false, brackets = false;
  bool pair = false;     // the map that `[a: 1]` has without brackets of its own
  size_t indent = 0;     // of a map or list without brackets
  size_t index = 0;      // of a list: the item
  std::string key = {};  // of a map: the entry
  bool colon = false;    // of a map: behind the colon of the entry
  bool valued = false;   // the entry or item has its value, or a part of it
  std::vector<std::string> keys = {};
};

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

std::string without_quotes(std::string_view word) {
  if (word.size() >= 2 && (word[0] == '"' || word[0] == '\'') && word.back() == word[0])
    word = word.substr(1, word.size() - 2);
  return std::string(word);
}

// Whether a line begins an entry of the top of a document.
bool begins_top_entry(char first) {
  return first != ' ' && first != '\t' && first != '\n' && first != '\r' && first != '#' &&
         first != '-' && first != ']' && first != '}';
}

// The begin of the top entry that the place belongs to; npos when it is too far away.
size_t top_entry(std::string_view text, size_t at) {
  size_t line = spec::line_begin(text, at);
  while (line > 0 && at - line < kFar) {
    if (line < at && begins_top_entry(text[line])) return line;
    line = spec::line_begin(text, line - 1);
  }
  return line == 0 ? 0 : std::string_view::npos;
}

class Finder {
 public:
  Finder(std::string_view text, size_t at) : text_(text), at_(at) {}

  SpecPlace find() {
    size_t line = top_entry(text_, at_);
    if (line == std::string_view::npos) return place_;
    YamlState state;
    for (; spec::line_break(text_, line) < at_; line = spec::next_line(text_, line)) {
      for (const Word& word : words_of(line, spec::line_break(text_, line), state)) take(word);
    }
    std::vector<Word> words = words_of(line, at_, state);
    place_.begin = place_.end = at_;
    if (state.inside != YamlState::kNothing) return place_;
    if (!words.empty() && words.back().end == at_ && !take_last(words)) return place_;
    for (const Word& word : words) take(word);
    place_.column = place_.begin - line;
    while (place_.end < text_.size() && is_word_byte(text_[place_.end])) ++place_.end;
    want();
    return place_;
  }

 private:
  std::vector<Word> words_of(size_t begin, size_t end, YamlState& state) {
    std::vector<Word> words;
    line_ = begin;
    fresh_ = true;
    after_dash_ = false;
    yaml_words(text_.substr(begin, end - begin), state, [&](YamlWord sort, size_t from, size_t to) {
      if (sort != YamlWord::kTab) words.push_back({sort, begin + from, begin + to});
    });
    return words;
  }

  // Looks at the word that ends at the place. False when nothing can be wanted there.
  bool take_last(std::vector<Word>& words) {
    const Word last = words.back();
    switch (last.sort) {
      case YamlWord::kText:
      case YamlWord::kNumber:
      case YamlWord::kConstant:
        place_.begin = last.begin;
        words.pop_back();
        return true;
      case YamlWord::kSign: {
        const char c = text_[last.begin];
        return last.end - last.begin == 1 && (c == '{' || c == '[' || c == ',');
      }
      case YamlWord::kBlank:
        return true;
      default:
        return false;
    }
  }

  void take(const Word& word) {
    if (word.sort == YamlWord::kBlank || word.sort == YamlWord::kComment ||
        word.sort == YamlWord::kBlock)
      return;
    if (word.sort == YamlWord::kAnchor) {
      if (text_[word.begin] == '*' && !levels_.empty()) levels_.back().valued = true;
      return;
    }
    in_brackets() ? take_in_brackets(word) : take_in_lines(word);
    after_dash_ =
        word.sort == YamlWord::kSign && text_.substr(word.begin, word.end - word.begin) == "-";
    fresh_ = fresh_ && after_dash_ && !in_brackets();
  }

  bool in_brackets() const { return !levels_.empty() && levels_.back().brackets; }

  void open_bracket(bool list) {
    if (!levels_.empty()) levels_.back().valued = true;
    Level level;
    level.list = list;
    level.brackets = true;
    levels_.push_back(level);
  }
  void close_pair() {
    if (!levels_.empty() && levels_.back().pair) levels_.pop_back();
  }

  void take_in_brackets(const Word& word) {
    if (word.sort != YamlWord::kSign) return take_scalar_in_brackets(word);
    switch (text_[word.begin]) {
      case '{':
      case '[':
        return open_bracket(text_[word.begin] == '[');
      case '}':
      case ']':
        close_pair();
        if (in_brackets()) levels_.pop_back();
        return;
      case ',': {
        close_pair();
        Level& level = levels_.back();
        level.index += 1;
        level.key.clear();
        level.colon = level.valued = false;
        return;
      }
      case ':':
        if (!levels_.back().list) levels_.back().colon = true;
        return;
      default:
        return;
    }
  }

  void take_scalar_in_brackets(const Word& word) {
    if (levels_.back().list && word.sort == YamlWord::kKey) {
      open_bracket(/*list=*/false);
      levels_.back().pair = true;
    }
    Level& level = levels_.back();
    if (level.list || level.colon) {
      level.valued = true;
    } else {
      set_key(level, word);
    }
  }

  void set_key(Level& level, const Word& word) {
    level.key = without_quotes(text_.substr(word.begin, word.end - word.begin));
    level.keys.push_back(level.key);
    level.colon = level.valued = false;
  }

  void take_in_lines(const Word& word) {
    const size_t column = word.begin - line_;
    if (word.sort == YamlWord::kSign) return take_sign(word, column);
    const bool first = fresh_;
    if (first && !after_dash_) close_to(column);
    if (word.sort != YamlWord::kKey) {
      if (!levels_.empty()) levels_.back().valued = true;
      return;
    }
    if (!first) return;
    if (levels_.empty() || levels_.back().list || levels_.back().indent < column) {
      if (!levels_.empty()) levels_.back().valued = true;
      Level level;
      level.indent = column;
      levels_.push_back(level);
    }
    set_key(levels_.back(), word);
  }

  void take_sign(const Word& word, size_t column) {
    const char c = text_[word.begin];
    if (word.end - word.begin == 3 && column == 0) {
      levels_.clear();
    } else if (c == '-' && fresh_) {
      take_dash(column);
    } else if (c == ':') {
      if (!levels_.empty() && !levels_.back().list) levels_.back().colon = true;
    } else if (c == '{' || c == '[') {
      if (fresh_ && !after_dash_) close_to(column);
      open_bracket(c == '[');
    } else if (c == '|' || c == '>') {
      if (!levels_.empty()) levels_.back().valued = true;
    }
  }

  void take_dash(size_t column) {
    while (!levels_.empty() && levels_.back().indent > column) levels_.pop_back();
    if (!levels_.empty() && levels_.back().list && levels_.back().indent == column) {
      ++levels_.back().index;
      levels_.back().valued = false;
      return;
    }
    if (!levels_.empty()) levels_.back().valued = true;
    Level level;
    level.list = true;
    level.indent = column;
    levels_.push_back(level);
  }

  // Leaves the maps and lists that end before something that begins in this column of a new line.
  void close_to(size_t column) {
    while (!levels_.empty() && (levels_.back().indent > column ||
                                (levels_.back().list && levels_.back().indent == column)))
      levels_.pop_back();
  }

  void set_path(size_t levels) {
    for (size_t i = 0; i < levels; ++i) {
      const Level& level = levels_[i];
      level.list ? place_.path.emplace_back(level.index) : place_.path.emplace_back(level.key);
    }
  }
  void want_value(Wants wants) {
    place_.wants = wants;
    set_path(levels_.size());
  }
  void want_key() {
    place_.wants = Wants::kKey;
    set_path(levels_.empty() ? 0 : levels_.size() - 1);
    if (!levels_.empty()) place_.stated = levels_.back().keys;
    if (!place_.in_brackets) state_keys_around();
  }

  void want() {
    place_.in_brackets = in_brackets();
    if (in_brackets()) {
      const Level& level = levels_.back();
      if (level.list || level.colon) {
        if (!level.valued) want_value(Wants::kValue);
      } else if (level.key.empty()) {
        want_key();
      }
      return;
    }
    if (fresh_ && after_dash_) return want_value(Wants::kEither);
    if (fresh_) return want_on_new_line();
    if (!levels_.empty() && levels_.back().colon && !levels_.back().valued)
      want_value(Wants::kValue);
  }

  void want_on_new_line() {
    close_to(place_.column);
    if (levels_.empty() || (!levels_.back().list && levels_.back().indent == place_.column))
      return want_key();
    if (!levels_.back().valued) want_value(Wants::kEither);
  }

  // Adds the keys of lines with the same indentation: of the top, those before; and those behind.
  void state_keys_around() {
    const size_t column = place_.column;
    size_t above = line_;
    while (column == 0 && above > 0 && line_ - above < kFar) {
      above = spec::line_begin(text_, above - 1);
      state_key(above, column);
    }
    size_t line = spec::next_line(text_, line_);
    while (line < text_.size() && line - line_ < kFar && state_key(line, column)) {
      const size_t next = spec::next_line(text_, line);
      if (next == line) break;
      line = next;
    }
  }

  // Looks at the line for a key in the column. False when the map ends before the line.
  bool state_key(size_t line, size_t column) {
    const std::string_view whole = text_.substr(line, spec::line_break(text_, line) - line);
    const size_t begin = whole.find_first_not_of(" \r");
    if (begin == std::string_view::npos || whole[begin] == '#' || begin > column) return true;
    if (begin < column) return false;
    YamlState state;
    yaml_words(whole, state, [&](YamlWord sort, size_t from, size_t to) {
      if (sort == YamlWord::kKey && from == column)
        place_.stated.push_back(without_quotes(whole.substr(from, to - from)));
    });
    return true;
  }

  const std::string_view text_;
  const size_t at_;
  SpecPlace place_;
  std::vector<Level> levels_;
  size_t line_ = 0;          // begin of the line that is read
  bool fresh_ = true;        // only dashes have been read of the line
  bool after_dash_ = false;  // the word before was a dash
};

}  // namespace

SpecPlace place_in_spec(std::string_view text, size_t at) { return Finder(text, at).find(); }

}  // namespace lea::gui
