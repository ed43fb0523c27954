#include "core/api/quality_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/resample.h"

namespace lea {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double deviation_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1));
}

}  // namespace

int64_t number_sequences(std::vector<int64_t>& sequence) {
  std::map<int64_t, int64_t> number;
  for (int64_t& one : sequence) one = number.emplace(one, std::ssize(number)).first->second;
  return std::ssize(number);
}

Figure mean_figure(const std::vector<int64_t>& sequence, const std::vector<double>& value) {
  std::vector<double> sum, count;  // by sequence
  for (size_t event = 0; event < sequence.size(); ++event) {
    const auto s = static_cast<size_t>(sequence[event]);
    if (s >= sum.size()) {
      sum.resize(s + 1, 0);
      count.resize(s + 1, 0);
    }
    sum[s] += value[event];
    ++count[s];
  }
  return [sum, count](const std::vector<double>& weight) {
    double total = 0, events = 0;
    for (size_t s = 0; s < sum.size(); ++s) {
      total += weight[s] * sum[s];
      events += weight[s] * count[s];
    }
    return total / events;
  };
}

Figure auc_figure(const std::vector<int64_t>& sequence, const std::vector<double>& positive,
                  const std::vector<double>& negative) {
  struct Score {
    double score;
    size_t sequence;
    bool positive;
  };
  std::vector<Score> scores;
  for (size_t event = 0; event < sequence.size(); ++event) {
    const auto s = static_cast<size_t>(sequence[event]);
    scores.push_back({positive[event], s, true});
    scores.push_back({negative[event], s, false});
  }
  std::stable_sort(scores.begin(), scores.end(),
                   [](const Score& a, const Score& b) { return a.score < b.score; });
  return [scores](const std::vector<double>& weight) {
    double area = 0, positives = 0, negatives = 0;
    for (size_t i = 0; i < scores.size();) {
      double above = 0, equal = 0;  // the positives and the negatives of one score
      const double score = scores[i].score;
      for (; i < scores.size() && scores[i].score == score; ++i)
        (scores[i].positive ? above : equal) += weight[scores[i].sequence];
      area += above * (negatives + equal / 2);
      positives += above;
      negatives += equal;
    }
    return area / (positives * negatives);
  };
}

Spread spread_of(const Figure& figure, const Figure& other, int64_t sequences) {
  const auto clusters = static_cast<size_t>(sequences);
  std::vector<double> weight(clusters, 1);
  const auto gain_of = [&](double value) { return other ? value - other(weight) : value; };
  Spread spread;
  spread.value = figure(weight);
  spread.gain = gain_of(spread.value);
  if (clusters < 2) {
    spread.error = spread.high = kInfinity;
    spread.low = -kInfinity;
    return spread;
  }
  std::vector<double> values, gains;
  for_each_resample(clusters, [&](const std::vector<size_t>& drawn) {
    std::fill(weight.begin(), weight.end(), 0);
    for (const size_t cluster : drawn) ++weight[cluster];
    values.push_back(figure(weight));
    gains.push_back(gain_of(values.back()));
  });
  spread.error = deviation_of(values);
  std::sort(gains.begin(), gains.end());
  const auto [low, high] = percentile_interval(gains);
  spread.low = low;
  spread.high = high;
  return spread;
}

}  // namespace lea
