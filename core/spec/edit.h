// Edits of the text of a spec. They change only the bytes of the value that is meant, and of the
// comma, dash or line that it takes: comments, order, quotes and line ends elsewhere stay as they
// are.
//
// For all three functions:
// - The path leads from the top of the document to a value. A key with dots, such as
//   `train.patience` under `grid`, is one step.
// - The result parses as the document in which this value alone was changed. A value that aliases
//   share is therefore not changed in place, because they would change with it. Where an alias
//   itself stands, it can be replaced or removed.
// - Throws ConfigError, as "file:line:col: key: what", when the text or the value is refused by
//   parse_yaml, when the path leads nowhere, and when aliases forbid the edit. `name` is what the
//   error calls the text, mostly its path.
// - Throws std::invalid_argument when the path is empty.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lea::spec {

using Step = std::variant<std::string, size_t>;  // the key of a map, or the index of a list
using Path = std::vector<Step>;

// Replaces the value at the path. A key that a map lacks is added behind its last one, and so are
// the maps on the way there: an empty text, and a key without a value, count as an empty map.
// `value` is YAML in any style, such as `50`, `[a, b]` or what dump_yaml makes of a typed value. It
// is written on one line, without its comments.
std::string set_value(std::string_view text, const Path& path, std::string_view value,
                      const std::string& name);

// Inserts an item into a list, before the one that the index at the end of the path names, or behind
// the last one. A list that the text lacks is added if the index is 0.
std::string insert_item(std::string_view text, const Path& path, std::string_view value,
                        const std::string& name);

// Removes an entry of a map, or an item of a list, with what it holds and the comment behind it.
// What held the last one becomes {} or []; a whole document becomes empty.
std::string remove_value(std::string_view text, const Path& path, const std::string& name);

}  // namespace lea::spec
