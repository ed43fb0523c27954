// The words of a YAML text, line by line, also while the text is not well-formed: for colours, and for
// finding out where in a spec a place is. It follows what people write in specs and refuses nothing;
// what is right and wrong is decided by core/spec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace lea::gui {

enum class YamlWord : char {
  kBlank,
  kComment,
  kKey,
  kText,      // a plain scalar
  kNumber,    // a plain scalar
  kConstant,  // true, false, null: a plain scalar
  kQuoted,    // a scalar in quotes, or a part of it that ends with its line
  kBlock,     // a line of a text behind | or >
  kSign,      // - : , { } [ ] | > and the marks of a document
  kAnchor,    // &name and *name
  kTab,       // in the indentation, where YAML has none
};
inline constexpr int kYamlWords = static_cast<int>(YamlWord::kTab) + 1;

// What a line leaves open for the next one.
struct YamlState {
  enum Inside : uint8_t { kNothing, kSingleQuotes, kDoubleQuotes, kBlock };
  Inside inside = kNothing;
  uint8_t brackets = 0;  // that are open, at most 255
  uint16_t indent = 0;   // of the line that a block text belongs to

  // As a number that is not negative, and back.
  int packed() const { return inside | brackets << 2 | (indent & 0xffff) << 10; }
  static YamlState unpacked(int packed) {
    YamlState state;
    state.inside = static_cast<Inside>(packed & 3);
    state.brackets = static_cast<uint8_t>(packed >> 2);
    state.indent = static_cast<uint16_t>(packed >> 10);
    return state;
  }
};

// Gets a word by the offsets of its first byte and of the byte behind its last one.
using OnYamlWord = std::function<void(YamlWord word, size_t begin, size_t end)>;

// Calls `on` for the words of a line, which has no line end, in their order. They cover the line.
// `state` is that before the line, and becomes that behind it.
void yaml_words(std::string_view line, YamlState& state, const OnYamlWord& on);

}  // namespace lea::gui
