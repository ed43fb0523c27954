// Converts a text to token ids and back with the files of a model's folder, whatever tokenizer class
// they name. With tokenizer.json the ids and texts are those of Hugging Face's `tokenizers` library;
// in a folder without one they are those of SentencePiece for tokenizer.model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

// Only one thread at a time may use a tokenizer, because it caches the pieces that it has seen.
class LEA_LM_API Tokenizer {
 public:
  // Throws DataError for a missing or damaged file and for a feature that is not supported, which
  // the message names.
  explicit Tokenizer(const std::string& folder);
  // The same for a model with `vocabulary` ids. A folder may have added tokens beyond them, such as
  // a padding token that only training uses; a text that has one of them is refused.
  Tokenizer(const std::string& folder, int64_t vocabulary);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Includes the special tokens that the files add to each text. Throws DataError, naming `where`,
  // for text that is not UTF-8 (with the byte) and for an id that the model does not have.
  std::vector<int64_t> encode(const std::string& text, const std::string& where = "text") const;
  // The same without these special tokens, for a part of a prompt.
  std::vector<int64_t> encode_part(const std::string& text,
                                   const std::string& where = "text") const;

  // Returns the text of ids, without special tokens, as `tokenizers` and SentencePiece decode them:
  // a space with which the first token begins can be lost, and bytes that are not UTF-8 become
  // U+FFFD. An id that no token has adds nothing. As in transformers 5, a `true` of
  // clean_up_tokenization_spaces in tokenizer_config.json removes spaces before punctuation, unless
  // the model is BPE.
  std::string decode(const std::vector<int64_t>& ids) const;

  // Throws DataError, naming `where`, for an id that the model does not have.
  void require_in_vocabulary(const std::vector<int64_t>& ids, const std::string& where) const;

  int64_t size() const;           // one more than the largest id
  int64_t ordinary_size() const;  // the same of the tokens that are not added ones

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace lea::lm
