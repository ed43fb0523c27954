#include "core/lm/next_token.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/memory.h"

namespace lea::lm {
namespace {

at::Tensor ids_on(const std::vector<int64_t>& ids, at::Device device) {
  return at::tensor(at::ArrayRef<int64_t>(ids), at::kLong).to(device);
}

void require_fit(const Decoder& decoder, int64_t ids, int64_t more, const std::string& where) {
  const int64_t context = decoder.config().context;
  if (ids + more <= context) return;
  throw DataError(where + ": has " + counted(ids, "token") + ", " +
                  (ids > context ? "more than" : "all of") + " the model's context of " +
                  std::to_string(context) + ". Shorten it.");
}

void require_finite(const at::Tensor& scores, const Decoder& decoder) {
  if (at::isfinite(scores).all().item<bool>()) return;
  throw DataError(std::string("the model's scores are not finite in ") +
                  c10::toString(decoder.type()) + "; its weights are too large, or damaged.");
}

}  // namespace

std::vector<double> score(const Decoder& decoder, const std::vector<int64_t>& ids,
                          const std::string& where) {
  require_fit(decoder, std::ssize(ids), 0, where);
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
    require_finite(chosen, decoder);
    scores.insert(scores.end(), chosen.const_data_ptr<double>(),
                  chosen.const_data_ptr<double>() + count);
  }
  return scores;
}

std::vector<int64_t> generate(const Decoder& decoder, const std::vector<int64_t>& prompt,
                              int64_t count, const std::string& where) {
  if (prompt.empty()) throw DataError(where + ": has no token, so there is nothing to go on from.");
  require_fit(decoder, std::ssize(prompt), 1, where);
  const Config& config = decoder.config();
  const Generation& rules = config.generation;
  if (!rules.unsupported.empty()) {
    throw DataError(rules.unsupported +
                    " would choose other tokens than the most probable, which is not supported. "
                    "Remove it.");
  }
  const at::NoGradGuard no_grad;
  Cache cache;
  std::vector<int64_t> there = prompt, next = prompt;
  const int64_t held = std::ssize(prompt), limit = held + std::min(count, config.context - held);
  while (std::ssize(there) < limit) {
    const int64_t rows = std::ssize(next);
    const at::Tensor hidden = decoder.forward(
        decoder.embed(ids_on(next, decoder.device())),
        layout_of_continuation(cache.rows, rows, decoder.device()), {.cache = &cache});
    at::Tensor scores = decoder.logits(hidden.narrow(0, rows - 1, 1)).to(at::kFloat).squeeze(0);
    require_finite(scores, decoder);
    if (rules.repetition_penalty != 1) {
      const at::Tensor ids = ids_on(there, decoder.device());
      const at::Tensor old = scores.index_select(0, ids);
      scores.index_copy_(
          0, ids,
          at::where(old < 0, old * rules.repetition_penalty, old / rules.repetition_penalty));
    }
    const int64_t best = scores.argmax().item<int64_t>();
    there.push_back(best);
    next = {best};
    if (std::find(rules.end_ids.begin(), rules.end_ids.end(), best) != rules.end_ids.end()) break;
  }
  return {there.begin() + held, there.end()};
}

}  // namespace lea::lm
