// `added_tokens` of tokenizer.json: texts that are one token wherever they stand.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/lm/tokenizer/trie.h"

namespace lea::lm {

struct AddedToken {
  int64_t id = 0;
  std::string content;
  bool single_word = false, left_strip = false, right_strip = false, normalized = true;
};

std::vector<AddedToken> read_added_tokens(const nlohmann::json& document, const std::string& where);

// A stretch of a text: a token, or (id -1) what lies between tokens.
struct Stretch {
  int64_t id = -1;
  size_t begin = 0, end = 0;
};

// Finds tokens leftmost first, the longest at a place.
class TokenFinder {
 public:
  TokenFinder() = default;
  explicit TokenFinder(const std::vector<AddedToken>& tokens);
  // Stretches that cover the text in order; none for an empty one.
  std::vector<Stretch> find(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;
  Trie contents_;  // to indices of tokens_
};

}  // namespace lea::lm
