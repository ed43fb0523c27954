#include "plugins/tuning/text_gru_learner.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "plugins/tuning/batches.h"
#include "plugins/tuning/losses.h"

namespace lea {
namespace {

constexpr uint64_t kStart = 0x7467757374;  // a stream of random numbers

TextGruModel new_model(const Tensor& vectors, int64_t seed, c10::Device device) {
  at::manual_seed(mix(kStart, static_cast<uint64_t>(seed)));
  return TextGruModel(vectors, device);
}

Tensor longs(const std::vector<int64_t>& numbers) { return at::tensor(numbers, at::kLong); }

}  // namespace

TextGruLearner::TextGruLearner(const TuningSettings& settings, const Tensor& vectors,
                               const TrainingData& training, c10::Device device)
    : settings_(settings), training_(training), model_(new_model(vectors, settings.seed, device)) {}

// A batch takes milliseconds, so leave() is not asked.
std::optional<TuningLosses> TextGruLearner::accumulate(const std::vector<TuningRow>& rows,
                                                       const Tensor& negatives,
                                                       const std::function<bool()>&) {
  const c10::Device device = model_.device();
  std::vector<int64_t> events, sequences;
  for (const TuningRow& row : rows) {
    events.push_back(row.event);
    sequences.push_back(row.sequence);
  }
  const Tensor of_events = longs(events),
               logged = training_.item.index_select(0, of_events).to(at::kLong);
  const Tensor states = model_.states(on_device(training_.histories(of_events), device));

  TuningLosses losses;
  Tensor loss = at::zeros({}, states.options());
  if (settings_.reward_weight > 0) {
    const Tensor items = at::cat({logged.unsqueeze(1), negatives}, 1).to(device);
    const Tensor rewards = model_.rewards(states, items);
    const Tensor part = reward_loss(rewards.select(1, 0), rewards.narrow(1, 1, negatives.size(1)));
    losses.reward = part.item<double>();
    loss = loss + part * weight_of_reward_loss(settings_, std::ssize(rows));
  }
  if (settings_.state_weight > 0) {
    const Tensor others = settings_.state_negatives == "batch" ? logged : negatives.flatten();
    const Tensor allowed = allowed_negatives(training_, longs(sequences), others).to(device);
    const Tensor part = state_loss(settings_, states, model_.vectors_of(logged.to(device)),
                                   model_.vectors_of(others.to(device)), allowed);
    losses.state = part.item<double>();
    loss = loss + part * settings_.state_weight;
  }
  loss.backward();
  losses.total = settings_.reward_weight * losses.reward + settings_.state_weight * losses.state;
  return losses;
}

std::optional<TuningValidation> TextGruLearner::validate(const TrainingData& rest,
                                                         const std::function<bool()>&) const {
  const std::vector<ValidationPair> pairs = validation_pairs(settings_, rest);
  if (pairs.empty()) return TuningValidation{};
  const at::NoGradGuard no_grad;
  std::vector<int64_t> events, logged, sampled;
  for (const ValidationPair& pair : pairs) {
    events.push_back(pair.row.event);
    logged.push_back(pair.logged);
    sampled.push_back(pair.sampled);
  }
  const c10::Device device = model_.device();
  const Tensor states = model_.states(on_device(rest.histories(longs(events)), device));
  const Tensor items = at::stack({longs(logged), longs(sampled)}, 1).to(device);  // [R, 2]
  const Tensor vectors = model_.vectors_of(items).to(at::kCPU);                   // [R, 2, W]
  return validation_of(settings_, states.to(at::kCPU), model_.rewards(states, items).to(at::kCPU),
                       vectors.select(1, 0), vectors.select(1, 1));
}

double text_gru_step_cost(int64_t width) {
  return 6 * static_cast<double>(width) * static_cast<double>(width);
}

double text_gru_training_cost(const TuningSettings& settings, const TrainingData& part,
                              int64_t width) {
  constexpr int64_t kSteps = 100;  // the others are like them
  TuningBatches batches(settings, part);
  const int64_t counted = std::min(batches.steps(), kSteps);
  double items = 0;
  for (int64_t step = 0; step < counted; ++step) {
    for (const TuningRow& row : batches.rows(step))
      items += static_cast<double>(std::min(row.end, part.history));
  }
  if (counted > 0) items *= static_cast<double>(batches.steps()) / static_cast<double>(counted);
  return 3 * items * text_gru_step_cost(width);  // forwards, and both factors backwards
}

}  // namespace lea
