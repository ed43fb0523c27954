#include "core/lm/model_folder.h"

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::lm {

ModelFolder open_model(const std::string& folder) {
  Config config = read_config(folder);  // first: its errors explain what a model's folder must have
  ModelFolder model{std::move(config), Tokenizer(folder), Weights(folder)};
  if (model.tokenizer.size() > model.config.vocabulary) {
    throw DataError(printable(folder) + ": the tokenizer has ids up to " +
                    std::to_string(model.tokenizer.size() - 1) +
                    ", but config.json a vocab_size of " + std::to_string(model.config.vocabulary) +
                    ". They are of different models.");
  }
  return model;
}

}  // namespace lea::lm
