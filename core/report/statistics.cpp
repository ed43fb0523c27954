#include "core/report/statistics.h"

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

}  // namespace lea::report
