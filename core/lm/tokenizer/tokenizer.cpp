#include "core/lm/tokenizer/tokenizer.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/pipeline.h"
#include "core/lm/tokenizer/sentence_piece.h"
#include "core/lm/tokenizer/tokenizer_json.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {

struct Tokenizer::Parts {
  std::unique_ptr<const Pipeline> pipeline;
  int64_t vocabulary = INT64_MAX;  // ids of the model
};

Tokenizer::Tokenizer(const std::string& folder) : Tokenizer(folder, INT64_MAX) {}

Tokenizer::Tokenizer(const std::string& folder, int64_t vocabulary) {
  require_folder(folder);
  std::unique_ptr<const Pipeline> pipeline = read_tokenizer_json(folder);
  if (!pipeline) pipeline = read_sentence_piece(folder);
  if (!pipeline) {
    throw DataError(printable(folder) +
                    ": has neither tokenizer.json nor tokenizer.model. Copy the one that the "
                    "model came with, or save the tokenizer with transformers' save_pretrained, "
                    "which writes tokenizer.json.");
  }
  parts_ = std::make_unique<const Parts>(Parts{std::move(pipeline), vocabulary});
}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<int64_t> Tokenizer::encode(const std::string& text, const std::string& where) const {
  const Frame& frame = parts_->pipeline->frame();
  std::vector<int64_t> ids = frame.before;
  const std::vector<int64_t> own = encode_part(text, where);
  ids.insert(ids.end(), own.begin(), own.end());
  ids.insert(ids.end(), frame.behind.begin(), frame.behind.end());
  require_in_vocabulary(ids, where);
  return ids;
}

std::vector<int64_t> Tokenizer::encode_part(const std::string& text,
                                            const std::string& where) const {
  require_utf8(text, where);
  std::vector<int64_t> ids = parts_->pipeline->encode(text);
  require_in_vocabulary(ids, where);
  return ids;
}

std::string Tokenizer::decode(const std::vector<int64_t>& ids) const {
  return parts_->pipeline->decode(ids);
}

void Tokenizer::require_in_vocabulary(const std::vector<int64_t>& ids,
                                      const std::string& where) const {
  const int64_t vocabulary = parts_->vocabulary;
  const auto beyond =
      std::find_if(ids.begin(), ids.end(), [&](int64_t id) { return id >= vocabulary; });
  if (beyond == ids.end()) return;
  throw DataError(where + ": has the added token with the id " + std::to_string(*beyond) +
                  ", but the model has ids up to " + std::to_string(vocabulary - 1) +
                  " (vocab_size in config.json). Leave the token out, or resize the model's "
                  "embeddings to the tokenizer with transformers' resize_token_embeddings.");
}

int64_t Tokenizer::size() const { return parts_->pipeline->id_count().all; }

int64_t Tokenizer::ordinary_size() const { return parts_->pipeline->id_count().ordinary; }

}  // namespace lea::lm
