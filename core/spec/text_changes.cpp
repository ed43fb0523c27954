#include "core/spec/text_changes.h"

#include <algorithm>

namespace lea::spec {
namespace {

constexpr size_t kNone = std::string_view::npos;

}  // namespace

TextChanges::TextChanges(std::string_view text) : text_(text) {
  const size_t first = text.find('\n');
  if (first != kNone && first > 0 && text[first - 1] == '\r') break_ = "\r\n";
}

void TextChanges::change(size_t begin, size_t end, std::string text) {
  changes_.push_back({begin, end, std::move(text)});
}

std::string TextChanges::made() const {
  std::vector<Change> sorted = changes_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Change& a, const Change& b) { return a.begin < b.begin; });
  std::string text;
  size_t at = 0;
  for (const Change& change : sorted) {
    text += text_.substr(at, change.begin - at);
    text += change.text;
    at = change.end;
  }
  text += text_.substr(at);
  return text;
}

bool TextChanges::only_blanks(size_t begin, size_t end) const {
  return text_.substr(begin, end - begin).find_first_not_of(" \t\r") == kNone;
}

// Whether at most a comment stands between `at` and the end of its line.
bool TextChanges::ends_line(size_t at) const {
  const size_t found = text_.find_first_not_of(" \t\r", at);
  return found >= line_break(text_, at) || text_[found] == '#';
}

// Where the line break begins, also if it is that of Windows.
size_t TextChanges::line_end(size_t at) const {
  const size_t end = line_break(text_, at);
  return end > at && text_[end - 1] == '\r' ? end - 1 : end;
}

void TextChanges::add_lines(size_t at, const std::vector<std::string>& lines) {
  const size_t place = next_line(text_, at);
  const bool ended = place == 0 || text_[place - 1] == '\n';
  std::string added;
  for (const std::string& line : lines) added += ended ? line + break_ : break_ + line;
  change(place, place, added);
}

void TextChanges::replace(const Part& part, const std::string& text) {
  const Place& value = part.value;
  if (value.begin == value.end) {
    change(part.intro, part.intro, (part.colon ? " " : ": ") + text);
  } else if (value.flow || value.parts.empty()) {
    change(value.begin, value.end, text);
  } else if (line_begin(text_, value.content) <= part.intro) {
    change(value.begin, line_end(value.end), text);
  } else {
    // The lines of the value go. An anchor before them stands where the value is to stand.
    if (value.named > value.begin) {
      change(value.begin, value.named, text);
    } else {
      change(part.intro, part.intro, " " + text);
    }
    change(line_begin(text_, value.content), next_line(text_, value.end), "");
  }
}

void TextChanges::add_in_flow(const Place& map, const std::string& entry) {
  if (map.bracketed(text_)) return insert_in_brackets(map, map.parts.size(), entry);
  change(map.content, map.content, "{");
  change(map.end, map.end, ", " + entry + "}");
}

void TextChanges::insert(const Place& list, size_t index, const std::string& item) {
  if (list.flow) return insert_in_brackets(list, index, item);
  const std::string before(column(list.parts[0].begin), ' ');
  if (index == 0) {
    change(list.parts[0].begin, list.parts[0].begin, "- " + item + break_ + before);
  } else {
    add_lines(list.parts[index - 1].end(), {before + "- " + item});
  }
}

void TextChanges::insert_in_brackets(const Place& holder, size_t index, const std::string& text) {
  const std::vector<Part>& parts = holder.parts;
  if (parts.empty()) {
    change(holder.content + 1, holder.content + 1, text);
  } else if (index < parts.size()) {
    change(parts[index].begin, parts[index].begin, text + ", ");
  } else {
    // Some readers need a blank between a colon and a comma.
    const bool bare = parts.back().colon && parts.back().value.begin == parts.back().value.end;
    change(parts.back().end(), parts.back().end(), (bare ? " , " : ", ") + text);
  }
}

void TextChanges::cut(const Place& holder, size_t index) {
  holder.flow ? cut_in_brackets(holder.parts, index) : cut_lines(holder.parts, index);
}

void TextChanges::cut_in_brackets(const std::vector<Part>& parts, size_t index) {
  size_t begin = parts[index].begin, end = parts[index].end();
  const bool comma_behind = parts[index].comma != kNone;
  if (comma_behind) {
    end = parts[index].comma + 1;
  } else if (index > 0) {
    const Part& before = parts[index - 1];
    if (only_blanks(before.end(), before.comma) && only_blanks(before.comma + 1, begin)) {
      begin = before.end();
    } else {
      change(before.comma, before.comma + 1, "");
    }
  }
  if (only_blanks(line_begin(text_, begin), begin) && ends_line(end)) {
    begin = line_begin(text_, begin);
    end = next_line(text_, end);
  } else if (comma_behind && !ends_line(end)) {
    end = text_.find_first_not_of(" \t", end);
  }
  change(begin, end, "");
}

void TextChanges::cut_lines(const std::vector<Part>& parts, size_t index) {
  const size_t begin = parts[index].begin, end = parts[index].end();
  if (only_blanks(line_begin(text_, begin), begin)) {
    change(line_begin(text_, begin), next_line(text_, end), "");
    return;
  }
  // The first part stands on the line of a dash. The next one takes its place, unless it has a
  // comment above it.
  const size_t next = parts[1].begin;
  if (text_.substr(line_end(end), next - line_end(end)).find('#') == kNone) {
    change(begin, next, "");
  } else {
    change(text_.find_last_not_of(" \t", begin - 1) + 1, line_end(end), "");
  }
}

void TextChanges::cut_document(const Place& root) {
  const Part& part = root.parts[0];
  const std::string rest = root.kind == Place::Kind::kList ? "[]" : "";
  const size_t begin = line_begin(text_, root.begin);
  if (root.named == root.begin && only_blanks(begin, root.begin)) {
    change(begin, next_line(text_, part.end()), rest.empty() ? "" : rest + break_);
  } else {
    change(root.begin, line_end(part.end()), rest.empty() ? "{}" : rest);
  }
}

}  // namespace lea::spec
