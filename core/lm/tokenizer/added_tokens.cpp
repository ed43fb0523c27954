#include "core/lm/tokenizer/added_tokens.h"

#include <algorithm>

#include "core/lm/tokenizer/unicode.h"
#include "core/spec/json_field.h"

namespace lea::lm {
namespace {

// The code point that ends before `at`, which is not 0.
char32_t before(std::string_view text, size_t at) {
  size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
  return code_point_at(text, begin).value;
}

size_t without_space_before(std::string_view text, size_t at, size_t least) {
  while (at > least && is_white_space(before(text, at))) at -= utf8_of(before(text, at)).size();
  return at;
}

size_t without_space_behind(std::string_view text, size_t at) {
  while (at < text.size()) {
    const CodePoint c = code_point_at(text, at);
    if (!is_white_space(c.value)) break;
    at += c.bytes;
  }
  return at;
}

bool touches_word(std::string_view text, size_t begin, size_t end) {
  return (begin > 0 && is_word(before(text, begin))) ||
         (end < text.size() && is_word(code_point_at(text, end).value));
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const nlohmann::json& document,
                                          const std::string& where) {
  std::vector<AddedToken> tokens;
  for (const nlohmann::json& entry : document) {
    const JsonFields fields(entry, where);
    AddedToken token;
    token.id = fields.integer("id");
    if (token.id < 0 || token.id > INT32_MAX) fields.fail("id", "is no valid id");
    token.content = fields.text("content");
    token.single_word = fields.boolean("single_word", false);
    token.left_strip = fields.boolean("lstrip", false);
    token.right_strip = fields.boolean("rstrip", false);
    token.normalized = fields.boolean("normalized", true);
    if (!token.content.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

TokenFinder::TokenFinder(const std::vector<AddedToken>& tokens) : tokens_(tokens) {
  // From the back: of equal contents the first token counts.
  for (size_t i = tokens_.size(); i-- > 0;)
    contents_.insert(tokens_[i].content, static_cast<int64_t>(i));
}

const AddedToken* TokenFinder::longest_at(std::string_view text, size_t at) const {
  const AddedToken* longest = nullptr;
  contents_.for_each_at(
      text, at, [&](size_t, int64_t index) { longest = &tokens_[static_cast<size_t>(index)]; });
  return longest;
}

std::vector<Stretch> TokenFinder::find(std::string_view text) const {
  std::vector<Stretch> stretches;
  size_t told = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (!token) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->single_word && touches_word(text, begin, end)) continue;
    if (token->left_strip) begin = without_space_before(text, begin, told);
    if (token->right_strip) end = without_space_behind(text, end);
    if (begin < told) begin = told;  // the token before took its space
    if (begin > told) stretches.push_back({-1, told, begin});
    stretches.push_back({token->id, begin, end});
    told = end;
    at = std::max(at, end);
  }
  if (told < text.size()) stretches.push_back({-1, told, text.size()});
  return stretches;
}

}  // namespace lea::lm
