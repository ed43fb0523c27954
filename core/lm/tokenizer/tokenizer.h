// A text to token ids, as the folder's own files say, whatever class one of them names: what
// Hugging Face's `tokenizers` library gives for tokenizer.json, and in a folder without one what
// SentencePiece gives for tokenizer.model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

class Pipeline;

// Not for several threads at once: it remembers the pieces that it has seen.
class LEA_LM_API Tokenizer {
 public:
  // Throws DataError for a missing or damaged file and for what is not supported, by name.
  explicit Tokenizer(const std::string& folder);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // With the special tokens that the files add. Throws DataError, naming `where` and the
  // byte, for text that is not UTF-8.
  std::vector<int64_t> encode(const std::string& text, const std::string& where = "text") const;
  // Without them: a part of a prompt.
  std::vector<int64_t> encode_part(const std::string& text,
                                   const std::string& where = "text") const;

  int64_t size() const;  // one more than the largest id

 private:
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace lea::lm
