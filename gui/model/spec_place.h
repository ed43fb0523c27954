// Where in a spec a place of its text is, also while the text does not parse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/spec/edit.h"

namespace lea::gui {

struct SpecPlace {
  enum class Wants {
    kNothing,  // inside a comment, a text in quotes, or behind a value
    kKey,      // a key of the map at `path`
    kValue,    // the value at `path`, on this line
    kEither,   // the value at `path`, or the first key of a map there
  };
  Wants wants = Wants::kNothing;
  spec::Path path;
  // The word that the place is in or behind, as offsets of bytes. Both are the place without one.
  size_t begin = 0, end = 0;
  size_t column = 0;                // of `begin` in its line, in bytes
  bool in_brackets = false;         // of a map or list in { } or [ ]
  std::vector<std::string> stated;  // kKey: the other keys of the map
};

// Precondition: `at` is at most the size of the text.
SpecPlace place_in_spec(std::string_view text, size_t at);

}  // namespace lea::gui
