#include "core/lm/tokenizer/added_tokens.h"

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

// The code point that ends at byte `at`, which must not be 0.
char32_t before(std::string_view text, size_t at) {
  size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
  return code_point_at(text, begin).value;
}

size_t without_space_before(std::string_view text, size_t at) {
  while (at > 0 && is_white_space(before(text, at))) at -= utf8_of(before(text, at)).size();
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

bool flag(const JsonFields& fields, const char* key) {
  fields.at(key);  // throws if it is missing
  if (!fields.has(key)) fields.fail(key, "must be true or false, but is null");
  return fields.boolean(key, false);
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
    token.single_word = flag(fields, "single_word");
    token.left_strip = flag(fields, "lstrip");
    token.right_strip = flag(fields, "rstrip");
    token.normalized = flag(fields, "normalized");
    token.special = flag(fields, "special");
    if (token.content.empty()) continue;
    const auto same = std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& other) {
      return other.content == token.content && other.id == token.id;
    });
    if (same == tokens.end()) {
      tokens.push_back(std::move(token));
    } else {
      token.special = token.special || same->special;  // the reference forgets no special token
      *same = std::move(token);
    }
  }
  return tokens;
}

void require_own_ids(
    const std::vector<AddedToken>& tokens,
    const std::function<std::optional<int64_t>(const std::string& token)>& vocabulary, int64_t size,
    const std::string& where) {
  std::map<std::string, int64_t> given;
  std::map<int64_t, std::string> holders;
  for (const AddedToken& token : tokens) {
    const auto before = given.find(token.content);
    auto id = before == given.end() ? vocabulary(token.content) : before->second;
    if (!id) id = size++;
    if (*id != token.id) {
      throw DataError(where + ": " + in_backticks(token.content) + " has the id " +
                      std::to_string(token.id) + ", but Hugging Face's tokenizers give it " +
                      std::to_string(*id) +
                      ": that of the vocabulary, else the next free one, whatever the file says. "
                      "Correct the file, or save the tokenizer again with transformers' "
                      "save_pretrained.");
    }
    given[token.content] = *id;
    const auto [holder, added] = holders.emplace(*id, token.content);
    if (!added && holder->second != token.content) {
      throw DataError(where + ": " + in_backticks(holder->second) + " and " +
                      in_backticks(token.content) + " have the same id " + std::to_string(*id) +
                      ". Correct the file, or copy it again from where the model came from.");
    }
  }
}

TokenFinder::TokenFinder(const std::vector<AddedToken>& tokens) : tokens_(tokens) {
  // In reverse order, so that the first of the tokens with equal contents counts.
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
    if (token->left_strip) begin = std::max(without_space_before(text, begin), told);
    if (token->right_strip) end = without_space_behind(text, end);
    if (begin > end) {
      throw DataError("the text cannot be cut: " + in_backticks(token->content) +
                      " stands in the space behind a token that takes it (rstrip), and takes the "
                      "space before itself (lstrip). The reference fails there as well.");
    }
    if (begin > told) stretches.push_back({-1, told, begin});
    // A token is empty here if the one before it has stripped all of its content.
    if (begin < end) stretches.push_back({token->id, begin, end});
    told = end;
  }
  if (told < text.size()) stretches.push_back({-1, told, text.size()});
  return stretches;
}

}  // namespace lea::lm
