#include "core/spec/yaml_places.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace lea::spec {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kBrackets = ",[]{}";

struct Event {
  enum class Kind { kNull, kAlias, kScalar, kList, kMap, kEnd };
  Kind kind = Kind::kEnd;
  size_t anchor = 0;
  bool flow = false;
  bool tagged = false;  // of a list or map: it has the tag `!`
  std::string value;    // of a scalar
};

class EventList : public YAML::EventHandler {
 public:
  std::vector<Event> events;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override {
    events.push_back({Event::Kind::kNull, anchor, false, false, ""});
  }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    events.push_back({Event::Kind::kAlias, anchor, false, false, ""});
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    events.push_back({Event::Kind::kScalar, anchor, false, false, value});
  }
  void OnSequenceStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    events.push_back(
        {Event::Kind::kList, anchor, style == YAML::EmitterStyle::Flow, tag == "!", ""});
  }
  void OnSequenceEnd() override { events.push_back({}); }
  void OnMapStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    events.push_back(
        {Event::Kind::kMap, anchor, style == YAML::EmitterStyle::Flow, tag == "!", ""});
  }
  void OnMapEnd() override { events.push_back({}); }
};

// Follows the text along the events of the parser. The events give what each value is, so only
// where it ends is left to be found.
class PlaceReader {
 public:
  PlaceReader(std::string_view text, std::vector<Event> events, const SourcePtr& source)
      : text_(text), events_(std::move(events)), source_(source) {}

  Places read() {
    skip_head();
    places_.root = value(-1, /*in_brackets=*/false);
    return std::move(places_);
  }

 private:
  [[noreturn]] void give_up() {
    refuse(place_of(text_, std::min(at_, text_.size()), source_), "",
           "is written in a form that this does not edit; change it in the text");
  }

  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n';
  }
  void take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) give_up();
    ++at_;
  }
  void skip() { at_ = skip_space(text_, at_); }
  int column(size_t at) const { return static_cast<int>(at - line_begin(text_, at)); }
  bool is_end() const { return events_[next_].kind == Event::Kind::kEnd; }
  const Event& take_event() { return events_[next_++]; }

  // Passes directives and `---`.
  void skip_head() {
    for (;;) {
      skip();
      if (peek() == '%') {
        at_ = line_break(text_, at_);
      } else {
        if (text_.substr(at_).starts_with("---") && is_in(kSpaces, peek(3))) at_ += 3;
        return;
      }
    }
  }
  static bool is_in(std::string_view characters, char c) {
    return characters.find(c) != std::string_view::npos;
  }

  // Passes at most `count` anchors and tags, and returns where the last of them ends.
  size_t skip_names(size_t count) {
    size_t end = at_;
    while (count-- > 0 && (peek() == '&' || peek() == '!')) {
      skip_word();
      end = at_;
      skip();
    }
    return end;
  }
  void skip_word() {
    while (at_ < text_.size() && !is_in(kSpaces, peek()) && !is_in(kBrackets, peek())) ++at_;
  }

  // A value behind the place that has been reached. `indent` is the column of the list or map in
  // block style that it stands in, -1 for none.
  Place value(int indent, bool in_brackets) {
    const Event event = take_event();
    Place place;
    const size_t from = at_;
    skip();
    if (event.kind == Event::Kind::kNull && event.anchor == 0) {
      const bool below = in_brackets || at_ < line_break(text_, from) || column(at_) > indent;
      if (!below || !take_null()) at_ = from;
      place.begin = place.named = place.content = at_ == from ? from : at_ - word_;
      place.end = at_;
      return place;
    }
    place.flow = event.flow;
    place.anchor = event.anchor;
    place.begin = at_;
    // Behind them may stand those of a key, but not where the value is a scalar.
    const size_t names = (event.anchor != 0 ? 1 : 0) + (event.tagged ? 1 : 0);
    const bool is_scalar = event.kind == Event::Kind::kScalar;
    place.named = event.kind == Event::Kind::kAlias ? at_ : skip_names(is_scalar ? 2 : names);
    place.content = at_;
    if (event.anchor != 0 && event.kind != Event::Kind::kAlias) {
      places_.anchors[event.anchor] = place.begin;
    }
    read_content(event, indent, in_brackets, &place);
    place.end = at_;
    return place;
  }

  void read_content(const Event& event, int indent, bool in_brackets, Place* place) {
    switch (event.kind) {
      case Event::Kind::kNull:
        if (!take_null()) at_ = place->content = place->named;
        break;
      case Event::Kind::kAlias:
        place->kind = Place::Kind::kAlias;
        take_alias(event.anchor);
        break;
      case Event::Kind::kScalar:
        place->kind = Place::Kind::kScalar;
        if (event.value.empty() && !is_in("\"'|>", peek())) {
          at_ = place->content = place->named;  // a tag alone
        } else {
          scalar(event.value, indent, in_brackets);
        }
        break;
      case Event::Kind::kList:
        place->kind = Place::Kind::kList;
        event.flow ? parts_in_brackets(false, place) : list_of_lines(place);
        break;
      case Event::Kind::kMap:
        place->kind = Place::Kind::kMap;
        event.flow ? parts_in_brackets(true, place) : map_of_lines(place);
        break;
      case Event::Kind::kEnd:
        give_up();
    }
  }

  // Passes a word that stands for null, if there is one.
  bool take_null() {
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      const char behind = peek(word.size());
      if (!is_in(kSpaces, behind) && !is_in(kBrackets, behind)) continue;
      word_ = word.size();
      at_ += word_;
      return true;
    }
    return false;
  }

  void take_alias(size_t anchor) {
    places_.aliases.push_back({anchor, at_});
    take('*');
    skip_word();
  }

  void scalar(const std::string& value, int indent, bool in_brackets) {
    const char first = peek();
    if (first == '"' || first == '\'') {
      quoted(first);
    } else if ((first == '|' || first == '>') && !in_brackets) {
      block_scalar(indent);
    } else {
      plain(value);
    }
  }

  void quoted(char quote) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (quote == '"' && peek() == '\\') {
        ++at_;
      } else if (peek() == quote) {
        if (quote == '"' || peek(1) != quote) break;
        ++at_;
      }
    }
    take(quote);
  }

  // The parser changes only the blanks and line breaks of a scalar without quotes.
  void plain(const std::string& value) {
    for (const char c : value) {
      if (is_in(kSpaces, c)) continue;
      while (at_ < text_.size() && is_in(kSpaces, peek())) ++at_;
      take(c);
    }
  }

  void block_scalar(int indent) {
    int needed = 0;  // the column of its text; 0 until it is known
    bool keep = false;
    for (++at_; is_in("+-123456789", peek()); ++at_) {
      keep = keep || peek() == '+';
      if (peek() >= '1' && peek() <= '9') needed = std::max(indent, 0) + (peek() - '0');
    }
    size_t line = line_break(text_, at_), end = line;
    while (line < text_.size()) {
      const size_t begin = line + 1;
      line = line_break(text_, begin);
      const size_t first = std::min(text_.find_first_not_of(' ', begin), line);
      const int spaces = static_cast<int>(first - begin);
      const size_t word = text_.find_first_not_of(kSpaces, begin);
      const bool blank =
          (word == std::string_view::npos || word >= line) && (needed == 0 || spaces <= needed);
      if (!blank) {
        if (needed == 0) needed = std::max(spaces, indent + 1);
        if (spaces < needed) break;
      }
      if ((!blank || keep) && begin < text_.size()) end = line;
    }
    at_ = end > 0 && end <= text_.size() && text_[end - 1] == '\r' ? end - 1 : end;
  }

  void key(bool in_brackets, Part* part) {
    const Event event = take_event();
    if (peek() == '?' && is_in(kSpaces, peek(1))) give_up();
    if (event.anchor != 0 && event.kind == Event::Kind::kScalar) {
      places_.anchors[event.anchor] = at_;
      words_[event.anchor] = event.value;
    }
    if (event.kind == Event::Kind::kAlias) {
      part->key = words_[event.anchor];
      take_alias(event.anchor);
    } else if (event.kind == Event::Kind::kScalar) {
      part->key = event.value;
      skip_names(2);
      scalar(event.value, -1, /*in_brackets=*/true);
    } else {
      give_up();
    }
    part->intro = at_;
    skip();
    part->colon = peek() == ':';
    if (part->colon) {
      part->intro = ++at_;
    } else if (in_brackets) {
      at_ = part->intro;
    } else {
      give_up();
    }
  }

  void parts_in_brackets(bool is_map, Place* place) {
    const bool pair = is_map && peek() != '{';
    if (!pair) take(is_map ? '{' : '[');
    while (!is_end()) {
      Part part;
      skip();
      part.begin = part.intro = at_;
      if (is_map) key(/*in_brackets=*/true, &part);
      part.value = value(-1, /*in_brackets=*/true);
      remember(part.value);
      if (!pair) {
        skip();
        if (peek() == ',') part.comma = at_++;
      }
      place->parts.push_back(std::move(part));
    }
    take_event();
    if (pair) return;
    skip();
    take(is_map ? '}' : ']');
  }

  void list_of_lines(Place* place) {
    while (!is_end()) {
      Part part;
      skip();
      part.begin = at_;
      take('-');
      part.intro = at_;
      part.value = value(column(part.begin), /*in_brackets=*/false);
      remember(part.value);
      place->parts.push_back(std::move(part));
    }
    take_event();
  }

  void map_of_lines(Place* place) {
    while (!is_end()) {
      Part part;
      skip();
      part.begin = at_;
      key(/*in_brackets=*/false, &part);
      part.value = value(column(part.begin), /*in_brackets=*/false);
      remember(part.value);
      const int deeper = column(part.value.content) - column(part.begin);
      if (!indent_known_ && part.value.kind == Place::Kind::kMap && !part.value.flow &&
          deeper > 0) {
        places_.indent = static_cast<size_t>(deeper);
        indent_known_ = true;
      }
      place->parts.push_back(std::move(part));
    }
    take_event();
  }

  // Keeps the text of a scalar with an anchor, which an alias may use as a key.
  void remember(const Place& value) {
    if (value.kind == Place::Kind::kScalar && value.anchor != 0) {
      words_[value.anchor] = events_[next_ - 1].value;
    }
  }

  std::string_view text_;
  std::vector<Event> events_;
  SourcePtr source_;
  size_t at_ = 0, next_ = 0;
  size_t word_ = 0;  // the length of the word for null that was passed last
  bool indent_known_ = false;
  std::map<size_t, std::string> words_;  // by anchor
  Places places_;
};

}  // namespace

size_t skip_space(std::string_view text, size_t at) {
  for (;;) {
    at = std::min(text.find_first_not_of(kSpaces, at), text.size());
    if (at >= text.size() || text[at] != '#') return at;
    at = line_break(text, at);
  }
}

Places read_places(std::string_view text, const SourcePtr& source) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  EventList list;
  parser.HandleNextDocument(list);
  return PlaceReader(text, std::move(list.events), source).read();
}

}  // namespace lea::spec
