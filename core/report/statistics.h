// Computes mean and confidence interval of a metric over seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace lea::report {

// Summary of the runs of one cell. The interval treats the seeds as independent draws of the
// training procedure on this data set and split. It does not apply to other data.
struct Summary {
  int64_t n = 0;  // number of values
  double mean = 0;
  std::optional<double> deviation;   // sample standard deviation (n - 1); empty for n < 2
  std::optional<double> half_width;  // of the 95 % Student t interval of the mean; empty for n < 2
};

// Precondition: every value is finite.
Summary summarize(const std::vector<double>& values);

// The two-sided quantile t with P(|T| <= t) = confidence for `degrees` >= 1 degrees of freedom.
double student_t(double confidence, int64_t degrees);

}  // namespace lea::report
