#include "core/report/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace lea::report {

double student_t(double confidence, int64_t degrees) {
  const boost::math::students_t_distribution<double> t(static_cast<double>(degrees));
  return boost::math::quantile(boost::math::complement(t, (1 - confidence) / 2));
}

Summary summarize(const std::vector<double>& values) {
  Summary summary;
  summary.n = static_cast<int64_t>(values.size());
  if (values.empty()) return summary;
  const double n = static_cast<double>(values.size());
  summary.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return summary;
  // Two passes avoid cancellation: the spread over seeds is often a thousandth of the mean.
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.deviation = std::sqrt(squares / (n - 1));
  summary.half_width = student_t(0.95, summary.n - 1) * *summary.deviation / std::sqrt(n);
  return summary;
}

Summary summarize(const std::map<Repetition, double>& values) {
  std::map<int64_t, std::vector<double>> by_split;
  for (const auto& [repetition, value] : values) by_split[repetition.split].push_back(value);
  if (by_split.size() == 1 && by_split.begin()->first == kOneSplit) {
    return summarize(by_split.begin()->second);
  }
  std::vector<double> means;
  for (const auto& [split, of_split] : by_split) means.push_back(summarize(of_split).mean);
  Summary summary = summarize(means);
  summary.n = static_cast<int64_t>(values.size());
  return summary;
}

std::vector<std::pair<Repetition, Repetition>> pairs_of(const std::set<Repetition>& a,
                                                        const std::set<Repetition>& b) {
  std::vector<std::pair<Repetition, Repetition>> pairs;
  for (const Repetition& left : a) {
    for (const Repetition& right : b) {
      const bool equal_seeds = left.seed == right.seed || left.seed == 0 || right.seed == 0;
      if (left.split == right.split && equal_seeds) pairs.emplace_back(left, right);
    }
  }
  return pairs;
}

std::map<Repetition, double> paired_differences(const std::map<Repetition, double>& a,
                                                const std::map<Repetition, double>& b) {
  std::set<Repetition> of_a, of_b;
  for (const auto& [repetition, value] : a) of_a.insert(repetition);
  for (const auto& [repetition, value] : b) of_b.insert(repetition);
  std::map<Repetition, double> differences;
  for (const auto& [left, right] : pairs_of(of_a, of_b)) {
    differences[{left.split, std::max(left.seed, right.seed)}] = a.at(left) - b.at(right);
  }
  return differences;
}

}  // namespace lea::report
