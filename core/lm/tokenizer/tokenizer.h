// Converts a text to token ids with the files of a model's folder, whatever tokenizer class they
// name. With tokenizer.json the ids are those of Hugging Face's `tokenizers` library; in a folder
// without one they are those of SentencePiece for tokenizer.model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

class Pipeline;

// Only one thread at a time may use a tokenizer, because it caches the pieces that it has seen.
class LEA_LM_API Tokenizer {
 public:
  // Throws DataError for a missing or damaged file and for a feature that is not supported, which
  // the message names.
  explicit Tokenizer(const std::string& folder);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Includes the special tokens that the files add to each text. Throws DataError, naming `where`
  // and the byte, for text that is not UTF-8.
  std::vector<int64_t> encode(const std::string& text, const std::string& where = "text") const;
  // The same without these special tokens, for a part of a prompt.
  std::vector<int64_t> encode_part(const std::string& text,
                                   const std::string& where = "text") const;

  int64_t size() const;  // one more than the largest id

 private:
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace lea::lm
