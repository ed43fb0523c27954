// `model` of tokenizer.json: converts a piece of text to token ids, and an id to its token.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lea::lm {

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the ids of a piece. An empty piece has none.
  virtual void encode(const std::string& piece, std::vector<int64_t>* ids) const = 0;
  virtual std::optional<int64_t> id_of(const std::string& token) const = 0;
  virtual std::optional<std::string> token_of(int64_t id) const = 0;
  virtual int64_t size() const = 0;   // one more than the largest id
  virtual int64_t count() const = 0;  // tokens in the vocabulary
};

// The kind of model that a document states: "BPE", "Unigram" or one that is not supported.
std::string token_model_kind(const nlohmann::json& document, const std::string& where);

// Throws DataError for a kind or an option that is not supported, and for merges that do not fit
// the vocabulary.
std::unique_ptr<TokenModel> make_token_model(const nlohmann::json& document,
                                             const std::string& where);
std::unique_ptr<TokenModel> make_bpe(const nlohmann::json& document, const std::string& where);
std::unique_ptr<TokenModel> make_unigram(const nlohmann::json& document, const std::string& where);

// Byte fallback: appends the tokens of the text's UTF-8 bytes ("<0x0A>"). Returns false, and
// appends nothing, if the model lacks one of them.
bool append_bytes(const TokenModel& model, const std::string& text, std::vector<int64_t>* ids);
// The byte of such a token; empty for any other token.
std::optional<char> byte_of_token(const std::string& token);

}  // namespace lea::lm
