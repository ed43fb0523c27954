// `added_tokens` of tokenizer.json: texts that are one token wherever they occur. In these headers
// "the reference" is Hugging Face's `tokenizers` library.
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
  bool special = false;  // left out of decoded text
};

// Reads the list of tokens. A missing flag is an error, as in the reference. Tokens with an empty
// text are left out. If a token occurs twice, the flags of the last one count.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& document, const std::string& where);

// The reference ignores the id that the file gives a token. It uses the id in the vocabulary or, if
// the text is not in it, the next free id from `size` on. Throws DataError for a token with an id
// other than this one, and for two tokens with one id.
void require_own_ids(
    const std::vector<AddedToken>& tokens,
    const std::function<std::optional<int64_t>(const std::string& token)>& vocabulary, int64_t size,
    const std::string& where);

// A part of a text: a token, or (id -1) the text between tokens.
struct Stretch {
  int64_t id = -1;
  size_t begin = 0, end = 0;
};

// Finds the leftmost token in a text, and the longest of those that begin at one place. As in the
// reference, a token is also found within the white space that another one strips behind itself;
// the rest of the text then begins behind that token.
class TokenFinder {
 public:
  TokenFinder() = default;
  explicit TokenFinder(const std::vector<AddedToken>& tokens);
  // Returns stretches that cover the text in order; none for an empty text.
  std::vector<Stretch> find(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;
  Trie contents_;  // content of a token -> its index in tokens_
};

}  // namespace lea::lm
