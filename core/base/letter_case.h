// Names that users write in another case than the one in which they are declared. Only the letters
// A to Z have another case here: names are ASCII, and the result depends on no locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lea {

inline std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

inline bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower(a) == lower(b);
}

// Those of `names` that `word` may mean: the word itself when it is one of them, otherwise all that
// differ from it in the case of letters alone. More than one means that the word is ambiguous.
inline std::vector<std::string> meanings(std::string_view word,
                                         const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (name == word) return {name};
    if (equal_without_case(name, word)) found.push_back(name);
  }
  return found;
}

}  // namespace lea
