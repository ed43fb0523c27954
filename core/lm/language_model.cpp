#include "core/lm/language_model.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/lm/adapter.h"
#include "core/spec/error.h"
#include "core/spec/text.h"

namespace lea::lm {
namespace {

constexpr int64_t kScoredRows = 256;  // rows of logits at a time

at::Tensor ids_on(const std::vector<int64_t>& ids, at::Device device) {
  return at::tensor(at::ArrayRef<int64_t>(ids), at::kLong).to(device);
}

Tokenizer tokenizer_of(const std::string& folder, const Config& config) {
  Tokenizer tokenizer(folder);
  if (tokenizer.size() <= config.vocabulary) return tokenizer;
  throw DataError(printable(folder) + ": the tokenizer has ids up to " +
                  std::to_string(tokenizer.size() - 1) + ", but config.json a vocab_size of " +
                  std::to_string(config.vocabulary) + ". They are of different models.");
}

}  // namespace

LanguageModel::LanguageModel(const std::string& folder, at::ScalarType type, at::Device device,
                             const std::string& adapter)
    : config_(read_config(folder)),
      tokenizer_(tokenizer_of(folder, config_)),
      device_(device),
      decoder_(config_, Weights(folder), type, device) {
  if (!adapter.empty()) Adapter::load(adapter, decoder_).merge(decoder_);
}

void LanguageModel::require_fit(int64_t ids) const {
  if (ids <= config_.context) return;
  throw DataError("the text has " + std::to_string(ids) +
                  " tokens, more than the model's context of " + std::to_string(config_.context) +
                  ". Shorten it.");
}

std::vector<double> LanguageModel::score(const std::vector<int64_t>& ids) const {
  require_fit(std::ssize(ids));
  std::vector<double> scores;
  if (ids.size() < 2) return scores;
  const at::NoGradGuard no_grad;
  const int64_t rows = std::ssize(ids) - 1;
  const at::Tensor all = ids_on(ids, device_);
  const at::Tensor hidden = decoder_.forward(decoder_.embed(all.narrow(0, 0, rows)),
                                             layout_of_continuation(0, rows, device_));
  for (int64_t first = 0; first < rows; first += kScoredRows) {
    const int64_t count = std::min(kScoredRows, rows - first);
    const at::Tensor logits = decoder_.logits(hidden.narrow(0, first, count)).to(at::kFloat);
    const at::Tensor chosen = logits.log_softmax(-1)
                                  .gather(1, all.narrow(0, first + 1, count).unsqueeze(1))
                                  .squeeze(1)
                                  .to(at::kCPU, at::kDouble);
    scores.insert(scores.end(), chosen.const_data_ptr<double>(),
                  chosen.const_data_ptr<double>() + count);
  }
  return scores;
}

std::vector<int64_t> LanguageModel::generate(const std::vector<int64_t>& prompt,
                                             int64_t count) const {
  if (prompt.empty())
    throw DataError("the prompt has no token, so there is nothing to go on from.");
  require_fit(std::ssize(prompt));
  const at::NoGradGuard no_grad;
  Cache cache;
  std::vector<int64_t> generated, next = prompt;
  const int64_t limit = std::min(count, config_.context - std::ssize(prompt));
  while (std::ssize(generated) < limit) {
    const int64_t rows = std::ssize(next);
    const at::Tensor hidden =
        decoder_.forward(decoder_.embed(ids_on(next, device_)),
                         layout_of_continuation(cache.rows, rows, device_), {.cache = &cache});
    const int64_t best = decoder_.logits(hidden.narrow(0, rows - 1, 1)).argmax().item<int64_t>();
    generated.push_back(best);
    next = {best};
    if (std::find(config_.end_ids.begin(), config_.end_ids.end(), best) != config_.end_ids.end())
      break;
  }
  return generated;
}

}  // namespace lea::lm
