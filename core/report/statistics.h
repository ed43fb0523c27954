// Computes mean and confidence interval of a metric over seeds, and over splits.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace lea::report {

// Stands for the split in a table that has one split for each row.
inline constexpr int64_t kOneSplit = -1;

// Summary of the runs of one cell. The interval treats the seeds as independent draws of the
// training procedure on this data set and split. It does not apply to other data.
struct Summary {
  int64_t n = 0;  // number of values
  double mean = 0;
  std::optional<double> deviation;   // sample standard deviation (n - 1); empty for n < 2
  std::optional<double> half_width;  // of the 95 % Student t interval of the mean; empty for n < 2
};

// Which repetition of its cell a run is.
struct Repetition {
  int64_t split = kOneSplit;  // seed of the split
  int64_t seed = 0;           // 0 when the framework does not train
  auto operator<=>(const Repetition&) const = default;
};

// Precondition: every value is finite.
Summary summarize(const std::vector<double>& values);

// The same for runs on several splits. Each split counts once: `mean` is the mean of the splits'
// means, and `deviation` and `half_width` are those of the splits' means. Runs on one split share its
// events, so that only the splits are independent draws. `n` is the number of runs. With kOneSplit
// as the only split, the summary of its values.
Summary summarize(const std::map<Repetition, double>& values);

// The runs of two cells in pairs: of equal split and equal seed. A run without a seed (0) is paired
// with every run on its split. A run without a partner is left out.
std::vector<std::pair<Repetition, Repetition>> pairs_of(const std::set<Repetition>& a,
                                                        const std::set<Repetition>& b);

// The differences a - b of these pairs, by the split and the seed of the pair.
std::map<Repetition, double> paired_differences(const std::map<Repetition, double>& a,
                                                const std::map<Repetition, double>& b);

// The two-sided quantile t with P(|T| <= t) = confidence for `degrees` >= 1 degrees of freedom.
double student_t(double confidence, int64_t degrees);

}  // namespace lea::report
