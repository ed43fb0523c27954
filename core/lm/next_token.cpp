#include "core/lm/next_token.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/lm/memory.h"
#include "core/spec/error.h"

namespace lea::lm {
namespace {

at::Tensor ids_on(const std::vector<int64_t>& ids, at::Device device) {
  return at::tensor(at::ArrayRef<int64_t>(ids), at::kLong).to(device);
}

void require_fit(const Decoder& decoder, int64_t ids) {
  const int64_t context = decoder.config().context;
  if (ids <= context) return;
  throw DataError("the text has " + std::to_string(ids) +
                  " tokens, more than the model's context of " + std::to_string(context) +
                  ". Shorten it.");
}

}  // namespace

std::vector<double> score(const Decoder& decoder, const std::vector<int64_t>& ids) {
  require_fit(decoder, std::ssize(ids));
  std::vector<double> scores;
  if (ids.size() < 2) return scores;
  const at::NoGradGuard no_grad;
  const int64_t rows = std::ssize(ids) - 1;
  const at::Tensor all = ids_on(ids, decoder.device());
  const at::Tensor hidden = decoder.forward(decoder.embed(all.narrow(0, 0, rows)),
                                            layout_of_continuation(0, rows, decoder.device()));
  for (int64_t first = 0; first < rows; first += kRowsOfLogits) {
    const int64_t count = std::min(kRowsOfLogits, rows - first);
    const at::Tensor logits = decoder.logits(hidden.narrow(0, first, count)).to(at::kFloat);
    const at::Tensor chosen = logits.log_softmax(-1)
                                  .gather(1, all.narrow(0, first + 1, count).unsqueeze(1))
                                  .squeeze(1)
                                  .to(at::kCPU, at::kDouble);
    scores.insert(scores.end(), chosen.const_data_ptr<double>(),
                  chosen.const_data_ptr<double>() + count);
  }
  return scores;
}

std::vector<int64_t> generate(const Decoder& decoder, const std::vector<int64_t>& prompt,
                              int64_t count) {
  if (prompt.empty())
    throw DataError("the prompt has no token, so there is nothing to go on from.");
  require_fit(decoder, std::ssize(prompt));
  const at::NoGradGuard no_grad;
  const Config& config = decoder.config();
  Cache cache;
  std::vector<int64_t> generated, next = prompt;
  const int64_t limit = std::min(count, config.context - std::ssize(prompt));
  while (std::ssize(generated) < limit) {
    const int64_t rows = std::ssize(next);
    const at::Tensor hidden = decoder.forward(
        decoder.embed(ids_on(next, decoder.device())),
        layout_of_continuation(cache.rows, rows, decoder.device()), {.cache = &cache});
    const int64_t best = decoder.logits(hidden.narrow(0, rows - 1, 1)).argmax().item<int64_t>();
    generated.push_back(best);
    next = {best};
    if (std::find(config.end_ids.begin(), config.end_ids.end(), best) != config.end_ids.end())
      break;
  }
  return generated;
}

}  // namespace lea::lm
