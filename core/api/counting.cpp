#include "core/api/counting.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace lea {

PairCounts::PairCounts(int64_t items, std::vector<std::pair<int32_t, int32_t>> pairs)
    : offset_(static_cast<size_t>(items + 2), 0) {
  std::sort(pairs.begin(), pairs.end());
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i > 0 && pairs[i] == pairs[i - 1]) {
      count_.back() += 1;
      continue;
    }
    item_.push_back(pairs[i].second);
    count_.push_back(1);
    ++offset_[static_cast<size_t>(pairs[i].first) + 1];
  }
  for (size_t i = 1; i < offset_.size(); ++i) offset_[i] += offset_[i - 1];
}

void PairCounts::add_row(int64_t item, float weight, float* scores) const {
  for (int64_t i = offset_[item]; i < offset_[item + 1]; ++i) {
    scores[item_[i] - 1] += weight * count_[i];
  }
}

double PairCounts::total(int64_t item) const {
  return std::accumulate(count_.begin() + offset_[item], count_.begin() + offset_[item + 1], 0.0);
}

void PairCounts::add_shares(int64_t item, double weight, double* scores) const {
  const double all = total(item);
  for (int64_t i = offset_[item]; i < offset_[item + 1]; ++i)
    scores[item_[i] - 1] += weight * count_[i] / all;
}

void PairCounts::add_two_hops(int64_t item, double weight, double* scores) const {
  const double all = total(item);
  for (int64_t i = offset_[item]; i < offset_[item + 1]; ++i)
    add_shares(item_[i], weight * count_[i] / all, scores);
}

Tensor item_counts(const TrainingData& training) {
  return at::bincount(training.item, {}, training.items + 1).slice(0, 1).to(at::kFloat);
}

LastItemFramework::~LastItemFramework() = default;

void LastItemFramework::fit(const TrainingData& training) {
  popularity_ = item_counts(training) / static_cast<double>(training.events() + 1);
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  const int64_t* offset = training.offset.const_data_ptr<int64_t>();
  std::vector<std::pair<int32_t, int32_t>> all;
  for (int64_t s = 0; s + 1 < training.offset.size(0); ++s) {
    pairs(item + offset[s], offset[s + 1] - offset[s], all);
  }
  counts_.clear();
  counts_.emplace_back(training.items, std::move(all));
}

Tensor LastItemFramework::score(const History& history) {
  const Tensor items = history.items.to(at::kCPU).contiguous();
  const Tensor length = history.length.to(at::kCPU).contiguous();
  const int64_t rows = items.size(0), positions = items.size(1);
  const Tensor scores = popularity_.repeat({rows, 1});
  float* score = scores.mutable_data_ptr<float>();
  const int64_t* item = items.const_data_ptr<int64_t>();
  const int64_t* count = length.const_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    if (count[row] == 0) continue;
    counts_.front().add_row(item[row * positions + count[row] - 1], 1,
                            score + row * scores.size(1));
  }
  return scores.to(history.items.device());
}

}  // namespace lea
