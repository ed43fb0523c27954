#include "gui/model/yaml_words.h"

#include <algorithm>
#include <array>

namespace lea::gui {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_bracket_sign(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

bool is_number(std::string_view word) {
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.remove_prefix(1);
  bool digit = false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c == '-' || c == '+') {
      if (i == 0 || (word[i - 1] != 'e' && word[i - 1] != 'E')) return false;
    } else if (c != '.' && !((c == 'e' || c == 'E') && digit)) {
      return false;
    }
  }
  return digit;
}

YamlWord sort_of(std::string_view word) {
  constexpr std::array<std::string_view, 11> kConstants = {
      "true", "false", "null", "~", "True", "False", "Null", "TRUE", "FALSE", "NULL", "none"};
  if (std::find(kConstants.begin(), kConstants.end(), word) != kConstants.end())
    return YamlWord::kConstant;
  return is_number(word) ? YamlWord::kNumber : YamlWord::kText;
}

class Line {
 public:
  Line(std::string_view line, YamlState& state, const OnYamlWord& on)
      : line_(line), state_(state), on_(on) {}

  void read() {
    if (state_.inside == YamlState::kBlock && read_block()) return;
    state_.inside == YamlState::kSingleQuotes || state_.inside == YamlState::kDoubleQuotes
        ? read_quotes(0)
        : read_indentation();
    while (at_ < line_.size()) read_word();
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0';
  }
  bool ends_word(size_t at) const { return at >= line_.size() || is_blank(line_[at]); }

  void take(YamlWord word, size_t end) {
    if (end > at_) on_(word, at_, end);
    if (word == YamlWord::kKey && state_.brackets == 0)
      state_.indent = static_cast<uint16_t>(std::min<size_t>(at_, 0xffff));
    at_ = end;
  }

  // Whether the line belongs to the text behind | or >: it is blank or indented more.
  bool read_block() {
    const size_t begin = line_.find_first_not_of(" \r");
    if (begin != std::string_view::npos && begin <= state_.indent) {
      state_.inside = YamlState::kNothing;
      return false;
    }
    take(YamlWord::kBlock, line_.size());
    return true;
  }

  void read_indentation() {
    const size_t begin = std::min(line_.find_first_not_of(' '), line_.size());
    state_.indent = static_cast<uint16_t>(std::min<size_t>(begin, 0xffff));
    take(YamlWord::kBlank, begin);
    if (peek() == '\t' && state_.brackets == 0)
      take(YamlWord::kTab, std::min(line_.find_first_not_of('\t', at_), line_.size()));
    if (state_.brackets > 0 || begin > 0) return;
    const std::string_view start = line_.substr(0, 3);
    if ((start == "---" || start == "...") && ends_word(3)) take(YamlWord::kSign, 3);
    if (start.starts_with('%')) take(YamlWord::kSign, line_.size());
  }

  void read_word() {
    const char c = peek();
    if (is_blank(c)) {
      size_t end = at_;
      while (end < line_.size() && is_blank(line_[end])) ++end;
      return take(YamlWord::kBlank, end);
    }
    if (c == '#' && (at_ == 0 || is_blank(line_[at_ - 1])))
      return take(YamlWord::kComment, line_.size());
    if (is_bracket_sign(c) && (state_.brackets > 0 || c == '[' || c == '{')) return read_bracket(c);
    if (state_.brackets == 0 && (c == '-' || c == '?') && ends_word(at_ + 1))
      return take(YamlWord::kSign, at_ + 1);
    if (c == ':') return take(YamlWord::kSign, at_ + 1);
    if (c == '"' || c == '\'') {
      state_.inside = c == '"' ? YamlState::kDoubleQuotes : YamlState::kSingleQuotes;
      return read_quotes(1);
    }
    if ((c == '&' || c == '*') && !ends_word(at_ + 1)) return take(YamlWord::kAnchor, word_end());
    if ((c == '|' || c == '>') && state_.brackets == 0) return read_block_sign();
    read_plain();
  }

  void read_bracket(char c) {
    if ((c == '[' || c == '{') && state_.brackets < 255) ++state_.brackets;
    if (c == ']' || c == '}') --state_.brackets;
    take(YamlWord::kSign, at_ + 1);
  }

  void read_block_sign() {
    size_t end = at_ + 1;
    while (end < line_.size() && !is_blank(line_[end])) ++end;
    take(YamlWord::kSign, end);
    state_.inside = YamlState::kBlock;
  }

  // From `skip` bytes behind the place on to the closing quote, or to the end of the line.
  void read_quotes(size_t skip) {
    const bool twofold = state_.inside == YamlState::kDoubleQuotes;
    size_t end = at_ + skip;
    for (; end < line_.size(); ++end) {
      if (twofold && line_[end] == '\\') {
        ++end;
      } else if (line_[end] == (twofold ? '"' : '\'')) {
        if (twofold || end + 1 >= line_.size() || line_[end + 1] != '\'') break;
        ++end;
      }
    }
    if (end < line_.size()) {
      state_.inside = YamlState::kNothing;
      ++end;
    }
    end = std::min(end, line_.size());
    take(state_.inside == YamlState::kNothing && is_key(end) ? YamlWord::kKey : YamlWord::kQuoted,
         end);
  }

  // Whether a colon behind the place makes a key of what stands before it.
  bool is_key(size_t at) const {
    while (at < line_.size() && is_blank(line_[at])) ++at;
    if (at >= line_.size() || line_[at] != ':') return false;
    return ends_word(at + 1) || (state_.brackets > 0 && is_bracket_sign(line_[at + 1]));
  }

  size_t word_end() const {
    size_t end = at_;
    while (end < line_.size() && !is_blank(line_[end]) &&
           !(state_.brackets > 0 && is_bracket_sign(line_[end])))
      ++end;
    return end;
  }

  void read_plain() {
    size_t end = at_;
    for (; end < line_.size(); ++end) {
      const char c = line_[end];
      if (state_.brackets > 0 && is_bracket_sign(c)) break;
      if (c == '#' && end > at_ && is_blank(line_[end - 1])) break;
      if (c == ':' && is_key(end)) break;
    }
    while (end > at_ + 1 && is_blank(line_[end - 1])) --end;
    const bool key = end < line_.size() && line_[end] == ':';
    take(key || is_key(end) ? YamlWord::kKey : sort_of(line_.substr(at_, end - at_)), end);
  }

  std::string_view line_;
  YamlState& state_;
  const OnYamlWord& on_;
  size_t at_ = 0;
};

}  // namespace

void yaml_words(std::string_view line, YamlState& state, const OnYamlWord& on) {
  Line(line, state, on).read();
}

}  // namespace lea::gui
