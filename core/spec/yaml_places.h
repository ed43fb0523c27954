// Where each part of a YAML text begins and ends, for edits that change its bytes. A Node of yaml.h
// knows only where it begins.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/yaml.h"

namespace lea::spec {

struct Part;

// A value. Offsets count bytes, and an end is the offset behind the last byte.
struct Place {
  enum class Kind { kNull, kAlias, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  bool flow = false;        // of a list or map: in brackets, or the pair in `[a: 1]`
  size_t begin = 0;         // of the anchor if there is one
  size_t named = 0;         // the end of the anchor; `begin` without one
  size_t content = 0;       // the begin of what the anchor names
  size_t end = 0;           // equal to `begin` for a value that is left out, as in `key:`
  size_t anchor = 0;        // the number of its anchor, or of the one that an alias means; 0: none
  std::vector<Part> parts;  // of a list or map

  // In brackets, and not the pair in `[a: 1]`. `text` is the text of these places.
  bool bracketed(std::string_view text) const {
    return flow && (text[content] == '{' || text[content] == '[');
  }
};

// An entry of a map, or an item of a list.
struct Part {
  std::string key;    // of an entry
  size_t begin = 0;   // of the key, of the dash, or of an item in brackets
  size_t intro = 0;   // behind the colon or the dash, behind a key without colon, or `begin`
  bool colon = true;  // false: `a` in {a, b: 1}
  size_t comma = std::string_view::npos;  // the comma behind it, in brackets
  Place value;

  size_t end() const { return value.end > intro ? value.end : intro; }
};

struct Places {
  struct Alias {
    size_t anchor, at;
  };
  Place root;
  std::map<size_t, size_t> anchors;  // where the value or key with each anchor begins, by number
  std::vector<Alias> aliases;        // in their order
  size_t indent = 2;                 // of a map in block style below the map that it stands in
};

// Precondition: parse_yaml accepts the text, which has no byte order mark. Throws ConfigError for
// the few forms that this does not follow, such as keys that are marked with `?`.
Places read_places(std::string_view text, const SourcePtr& source);

// The offset of the first byte of a line, of its line break (or the end of the text), and of the
// line that follows it.
inline size_t line_begin(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}
inline size_t line_break(std::string_view text, size_t at) {
  const size_t found = text.find('\n', at);
  return found == std::string_view::npos ? text.size() : found;
}
inline size_t next_line(std::string_view text, size_t at) {
  const size_t found = line_break(text, at);
  return found < text.size() ? found + 1 : found;
}

// The offset of the first byte from `at` on that is no blank, line break or comment.
size_t skip_space(std::string_view text, size_t at);

}  // namespace lea::spec
