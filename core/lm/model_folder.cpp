#include "core/lm/model_folder.h"

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/named_tokens.h"

namespace lea::lm {
namespace {

int64_t begin_in_config(const std::string& folder, const Tokenizer& tokenizer) {
  const std::string path = folder + "/config.json";
  const auto document = read_json(path);
  if (!document) return -1;
  const JsonFields fields(*document, printable(path));
  const int64_t id = fields.integer("bos_token_id", -1);
  if (id < -1 || id >= tokenizer.size()) {
    fields.fail("bos_token_id", "is " + std::to_string(id) + ", but the tokenizer has ids up to " +
                                    std::to_string(tokenizer.size() - 1));
  }
  tokenizer.require_in_vocabulary({id}, fields.where() + ": bos_token_id");
  return id;
}

}  // namespace

ModelFolder open_model(const std::string& folder) {
  Config config = read_config(folder);  // first: its errors explain what a model's folder must have
  Tokenizer tokenizer(folder, config.vocabulary);
  ModelFolder model{std::move(config), std::move(tokenizer), Weights(folder)};
  require_vocabulary(folder, model.tokenizer, model.config);
  return model;
}

void require_vocabulary(const std::string& folder, const Tokenizer& tokenizer,
                        const Config& config) {
  // Added tokens may lie beyond. A padding token often does, because it was added after training.
  if (tokenizer.ordinary_size() <= config.vocabulary) return;
  throw DataError(printable(folder) + ": the tokenizer has ids up to " +
                  std::to_string(tokenizer.ordinary_size() - 1) +
                  ", but config.json a vocab_size of " + std::to_string(config.vocabulary) +
                  ". They are of different models.");
}

int64_t begin_token(const std::string& folder, const Tokenizer& tokenizer) {
  const auto token = named(Beside(folder), "bos_token", /*otherwise=*/"");
  if (!token) return -1;
  if (token->content.empty()) return begin_in_config(folder, tokenizer);
  // A special token is one id wherever it stands in a text.
  const std::vector<int64_t> ids = tokenizer.encode_part(token->content, token->where);
  if (ids.size() == 1) return ids.front();
  throw DataError(token->where + ": " + in_backticks(token->content) +
                  " is no token of the tokenizer. Copy the tokenizer's files from where the model "
                  "came from.");
}

}  // namespace lea::lm
