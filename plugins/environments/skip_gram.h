// Skip-gram with negative sampling over the items of the training sequences (Mikolov et al. 2013;
// Barkan and Koenigstein 2016 for items).
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/api/types.h"
#include "plugins/environments/item_vectors.h"

namespace lea {

struct SkipGramSettings {
  int64_t width, window, negatives, epochs;
  double learning_rate;  // falls linearly to a ten-thousandth of it
  uint64_t seed;
};

// The vectors while they are trained. One thread takes the steps in the order of the data, and every
// random number depends on the seed and the number of the step, so an epoch depends on what the
// epoch before left and on nothing else.
class SkipGram {
 public:
  Tensor input;       // float [N + 1, S], the vectors of the items
  Tensor output;      // float [N + 1, S], those of the items as context
  int64_t epoch = 0;  // epochs that are done
  double loss = 0;    // of the last epoch: the mean of -ln sigma over its steps

  SkipGram(const TrainingData& training, const SkipGramSettings& settings)
      : input(at::zeros({training.items + 1, settings.width}, at::kFloat)),
        output(at::zeros({training.items + 1, settings.width}, at::kFloat)),
        training_(training),
        settings_(settings),
        key_(mix(0x736b69706772616dULL, settings.seed)) {
    const Tensor counts = at::bincount(training.item, {}, training.items + 1).to(at::kDouble);
    // Negatives are drawn with a probability that grows with the count to the power of 3/4.
    const Tensor shares = counts.pow(0.75).cumsum(0);
    drawn_below_ = {shares.const_data_ptr<double>(),
                    shares.const_data_ptr<double>() + shares.size(0)};
    start(counts);
    for_each_pair([&](int64_t, int64_t) { ++pairs_; });
  }

  int64_t pairs() const { return pairs_; }

  // Takes the steps of one epoch: one for each pair of items at most `window` events apart, in both
  // orders. Returns false, with half-trained vectors, when stop(done, total) of all pairs was true.
  bool train_epoch(const std::function<bool(int64_t, int64_t)>& stop) {
    constexpr int64_t kStepsBetweenReports = 65536;
    const int64_t first = epoch * pairs_;
    int64_t step = first;
    const int64_t total = settings_.epochs * pairs_;
    double sum = 0;
    bool stopped = false;
    for_each_pair([&](int64_t item, int64_t context) {
      if (stopped) return;
      if ((step - first) % kStepsBetweenReports == 0 && stop(step, total)) stopped = true;
      const double left = 1 - static_cast<double>(step) / static_cast<double>(total);
      const double rate = settings_.learning_rate * std::max(left, 1e-4);
      sum += take_step(item, context, static_cast<uint64_t>(step), static_cast<float>(rate));
      ++step;
    });
    if (stopped) return false;
    loss = pairs_ > 0 ? sum / static_cast<double>(pairs_) : 0;
    ++epoch;
    return true;
  }

 private:
  // Items of the training sequences start uniform in +-0.5 / S, as in word2vec; others stay 0.
  void start(const Tensor& counts) {
    const double* count = counts.const_data_ptr<double>();
    float* value = input.mutable_data_ptr<float>();
    for (int64_t i = 0; i < input.numel(); ++i) {
      if (count[i / settings_.width] == 0) continue;
      const double number = unit(mix(key_, 0, static_cast<uint64_t>(i)));
      value[i] = static_cast<float>((number - 0.5) / static_cast<double>(settings_.width));
    }
  }

  template <class Pair>
  void for_each_pair(const Pair& pair) const {
    const int32_t* item = training_.item.const_data_ptr<int32_t>();
    const int64_t* offset = training_.offset.const_data_ptr<int64_t>();
    for (int64_t s = 0; s < training_.sequences(); ++s) {
      for (int64_t i = offset[s]; i < offset[s + 1]; ++i) {
        const int64_t end = std::min(offset[s + 1], i + settings_.window + 1);
        for (int64_t j = std::max(offset[s], i - settings_.window); j < end; ++j) {
          if (item[i] != item[j]) pair(item[i], item[j]);
        }
      }
    }
  }

  // Gradient descent on -ln sigma(v u) - sum over negatives of ln sigma(-v u'). Returns that loss.
  double take_step(int64_t item, int64_t context, uint64_t step, float rate) {
    const int64_t width = settings_.width;
    float* v = input.mutable_data_ptr<float>() + item * width;
    gradient_.assign(static_cast<size_t>(width), 0);
    double loss = 0;
    for (int64_t k = 0; k <= settings_.negatives; ++k) {
      const int64_t target = k == 0 ? context : draw(step, static_cast<uint64_t>(k));
      if (k > 0 && target == context) continue;
      float* u = output.mutable_data_ptr<float>() + target * width;
      const float product = dot(v, u, width), label = k == 0 ? 1 : 0;
      const float sigma = 1 / (1 + std::exp(-product));
      const float pull = (label - sigma) * rate;
      const double wrong = k == 0 ? -product : product;
      loss += std::max(wrong, 0.0) + std::log1p(std::exp(-std::abs(wrong)));
      for (int64_t d = 0; d < width; ++d) {
        gradient_[d] += pull * u[d];
        u[d] += pull * v[d];
      }
    }
    for (int64_t d = 0; d < width; ++d) v[d] += gradient_[d];
    return loss;
  }

  int64_t draw(uint64_t step, uint64_t k) const {
    const double number = unit(mix(key_, 1, step, k)) * drawn_below_.back();
    const auto found = std::upper_bound(drawn_below_.begin(), drawn_below_.end() - 1, number);
    return found - drawn_below_.begin();
  }

  const TrainingData& training_;
  const SkipGramSettings settings_;
  const uint64_t key_;
  int64_t pairs_ = 0;
  std::vector<double> drawn_below_;  // [N + 1], sums of the shares of items 0..i
  std::vector<float> gradient_;
};

}  // namespace lea
