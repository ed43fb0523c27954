#include "plugins/tuning/losses.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/api/item_draw.h"
#include "core/api/quality.h"

namespace lea {

at::Tensor reward_loss(const at::Tensor& logged, const at::Tensor& sampled) {
  return -at::log_sigmoid(logged.unsqueeze(1) - sampled).mean();
}

double weight_of_reward_loss(const TuningSettings& settings, int64_t rows) {
  const bool sum = settings.reward_reduction == "sum";
  return settings.reward_weight * (sum ? static_cast<double>(rows) : 1);
}

at::Tensor to_compare(const TuningSettings& settings, const at::Tensor& vectors) {
  const at::Tensor own = vectors.to(at::kFloat);
  if (settings.similarity != "cosine") return own;
  return own / own.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
}

at::Tensor similarities(const TuningSettings& settings, const at::Tensor& states,
                        const at::Tensor& vectors) {
  return at::bmm(to_compare(settings, vectors), to_compare(settings, states).unsqueeze(2))
      .squeeze(2);
}

at::Tensor state_loss(const TuningSettings& settings, const at::Tensor& state,
                      const at::Tensor& positive, const at::Tensor& others,
                      const at::Tensor& allowed) {
  const at::Tensor s = to_compare(settings, state), a = to_compare(settings, positive),
                   o = to_compare(settings, others);
  const at::Tensor own = (s * a).sum(1, /*keepdim=*/true) * settings.state_scale;  // [B, 1]
  const at::Tensor other = at::mm(s, o.t()) * settings.state_scale;                // [B, M]
  const at::Tensor count = allowed.sum(1).to(at::kFloat);                          // [B]
  at::Tensor loss;                                                                 // [B]
  if (settings.state_loss == "softmax") {
    const at::Tensor masked =
        other.masked_fill(allowed.logical_not(), -std::numeric_limits<float>::infinity());
    loss = at::cat({own, masked}, 1).logsumexp(1) - own.squeeze(1);
  } else {
    const at::Tensor gap = own - other;
    const at::Tensor each = settings.state_loss == "logistic" ? -at::log_sigmoid(gap) : -gap;
    loss = each.masked_fill(allowed.logical_not(), 0).sum(1) / count.clamp_min(1);
  }
  const at::Tensor counts = count.gt(0);
  return loss.masked_fill(counts.logical_not(), 0).sum() / counts.sum().clamp_min(1);
}

at::Tensor allowed_negatives(const TrainingData& training, const at::Tensor& sequence,
                             const at::Tensor& others) {
  const at::Tensor rows = sequence.to(at::kCPU).contiguous(),
                   items = others.to(at::kCPU).contiguous();
  const int64_t count = rows.size(0), width = items.size(0);
  const at::Tensor allowed = at::ones({count, width}, at::kBool);
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* logged = training.item.const_data_ptr<int32_t>();
  bool* cell = allowed.mutable_data_ptr<bool>();
  std::set<int64_t> own;
  for (int64_t row = 0, last = -1; row < count; ++row) {
    const int64_t of = rows.const_data_ptr<int64_t>()[row];
    if (of < 0 || of >= training.sequences())
      throw std::invalid_argument("allowed_negatives: a sequence that is not there");
    if (of != std::exchange(last, of)) own = {logged + first[of], logged + first[of + 1]};
    for (int64_t m = 0; m < width; ++m)
      cell[row * width + m] = !own.contains(items.const_data_ptr<int64_t>()[m]);
  }
  return allowed;
}

double mean_cosine(const at::Tensor& states, uint64_t seed) {
  constexpr int64_t kPairs = 10000;
  const at::Tensor rows = states.to(at::kCPU, at::kFloat);
  const at::Tensor known = rows.norm(2, 1).gt(0).nonzero().squeeze(1);
  const int64_t count = known.size(0);
  if (count < 2) return 0;
  std::vector<int64_t> left, right;
  for (int64_t pair = 0; pair < std::min(kPairs, count * (count - 1)); ++pair) {
    // Two different rows: the second is counted from the one after the first.
    const int64_t a = below(mix(0x636f73ULL, seed, static_cast<uint64_t>(pair), 0), count);
    const int64_t b = below(mix(0x636f73ULL, seed, static_cast<uint64_t>(pair), 1), count - 1);
    left.push_back(a);
    right.push_back((a + 1 + b) % count);
  }
  const auto pick = [&](const std::vector<int64_t>& of) {
    return rows.index_select(0, known.index_select(0, at::tensor(of, at::kLong)));
  };
  return at::cosine_similarity(pick(left), pick(right), 1).to(at::kDouble).mean().item<double>();
}

std::string collapse_warning(double cosine) {
  if (cosine <= spec::kCollapsedCosine) return "";
  char number[32];
  std::snprintf(number, sizeof number, "%.2f", cosine);
  return std::string(
             "the states of different histories are nearly equal: the mean cosine of random "
             "pairs is ") +
         number + ". They tell the recommender little. " + spec::kCollapsedAdvice;
}

}  // namespace lea
