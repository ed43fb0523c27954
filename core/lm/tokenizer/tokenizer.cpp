#include "core/lm/tokenizer/tokenizer.h"

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/pipeline.h"
#include "core/lm/tokenizer/sentence_piece.h"
#include "core/lm/tokenizer/tokenizer_json.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {

Tokenizer::Tokenizer(const std::string& folder) {
  require_folder(folder);
  pipeline_ = read_tokenizer_json(folder);
  if (!pipeline_) pipeline_ = read_sentence_piece(folder);
  if (!pipeline_) {
    throw DataError(printable(folder) +
                    ": has neither tokenizer.json nor tokenizer.model. Copy the one that the "
                    "model came with, or save the tokenizer with transformers' save_pretrained, "
                    "which writes tokenizer.json.");
  }
}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<int64_t> Tokenizer::encode(const std::string& text, const std::string& where) const {
  const Frame& frame = pipeline_->frame();
  std::vector<int64_t> ids = frame.before;
  const std::vector<int64_t> own = encode_part(text, where);
  ids.insert(ids.end(), own.begin(), own.end());
  ids.insert(ids.end(), frame.behind.begin(), frame.behind.end());
  return ids;
}

std::vector<int64_t> Tokenizer::encode_part(const std::string& text,
                                            const std::string& where) const {
  require_utf8(text, where);
  return pipeline_->encode(text);
}

int64_t Tokenizer::size() const { return pipeline_->size(); }

}  // namespace lea::lm
