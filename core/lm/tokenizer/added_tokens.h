// `added_tokens` of tokenizer.json: texts that are one token wherever they stand.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
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

// Every flag must be there, as the reference wants it. Tokens without a text are left out; of equal
// texts the last one's flags count.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& document, const std::string& where);

// The reference does not read a token's id: it takes that of the vocabulary or, for a text that is
// not in it, the next one from `size` on. Throws DataError for a token with another id, and for two
// with one id.
void require_own_ids(
    const std::vector<AddedToken>& tokens,
    const std::function<std::optional<int64_t>(const std::string& token)>& vocabulary, int64_t size,
    const std::string& where);

// A stretch of a text: a token, or (id -1) what lies between tokens.
struct Stretch {
  int64_t id = -1;
  size_t begin = 0, end = 0;
};

// Finds tokens leftmost first, the longest at a place. What stands in the space that a token takes
// behind itself is found as well, and the text goes on behind it, as in the reference.
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
