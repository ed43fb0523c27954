// What environments without a language model are made of: how often items occur close to each other
// in the training sequences, what follows from it, and how the items of a history are weighted.
// Items are rows and columns 1..N; row and column 0 are empty.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/api/tfidf.h"

namespace lea {

// The events of each item, in the order of the data: those of item i stand at first[i] ..
// first[i + 1] - 1 of `event`.
struct EventsByItem {
  explicit EventsByItem(const TrainingData& training)
      : first(static_cast<size_t>(training.items) + 2, 0),
        event(static_cast<size_t>(training.events())) {
    const int32_t* item = training.item.const_data_ptr<int32_t>();
    for (int64_t e = 0; e < training.events(); ++e) ++first[static_cast<size_t>(item[e]) + 1];
    for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
    std::vector<int64_t> next = first;
    for (int64_t e = 0; e < training.events(); ++e) event[next[item[e]]++] = e;
  }
  std::vector<int64_t> first, event;
};

// The counts of pairs of different items that stand at most `window` events apart in a sequence.
// Each pair counts in both orders, so the matrix is symmetric. `stop` is told the progress; nothing
// comes back after it returned true.
inline std::optional<SparseRows> count_pairs(const TrainingData& training, int64_t window,
                                             const std::function<bool(int64_t, int64_t)>& stop) {
  constexpr int64_t kItemsBetweenReports = 1024;
  const EventsByItem events(training);
  const Tensor every = at::arange(training.events());
  const Tensor in = training.sequence_of(every);
  const int64_t* sequence = in.const_data_ptr<int64_t>();
  const int64_t* offset = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  SparseRows counts;
  counts.columns = training.items + 1;
  std::vector<int32_t> neighbours;
  std::vector<float> count(static_cast<size_t>(training.items) + 1, 0);
  for (int64_t i = 0; i <= training.items; ++i) {
    if (i % kItemsBetweenReports == 0 && stop(i, training.items)) return std::nullopt;
    neighbours.clear();
    for (int64_t place = events.first[i]; place < events.first[i + 1]; ++place) {
      const int64_t e = events.event[place], s = sequence[e];
      const int64_t end = std::min(offset[s + 1], e + window + 1);
      for (int64_t other = std::max(offset[s], e - window); other < end; ++other) {
        if (item[other] == i) continue;
        if (count[item[other]]++ == 0) neighbours.push_back(item[other]);
      }
    }
    std::sort(neighbours.begin(), neighbours.end());
    for (const int32_t j : neighbours) {
      counts.column.push_back(j);
      counts.value.push_back(std::exchange(count[j], 0));
    }
    counts.offset.push_back(std::ssize(counts.column));
  }
  return counts;
}

inline double total_of(const SparseRows& counts) {
  double total = 0;
  for (const double count : counts.value) total += count;
  return total;
}

// Calls entry(row, column, value) for each entry, in order.
template <class Matrix, class Entry>
void for_each_entry(Matrix& matrix, const Entry& entry) {
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    for (int64_t i = matrix.offset[row]; i < matrix.offset[row + 1]; ++i)
      entry(row, matrix.column[i], matrix.value[i]);
  }
}

// The same entries with the values f(count, sum of the row, sum of the column). The matrix of
// counts is symmetric, so the sum of a column is that of the row with its number.
template <class F>
SparseRows with_values(SparseRows counts, const F& f) {
  std::vector<double> sums(static_cast<size_t>(counts.rows()), 0);
  for_each_entry(counts, [&](int64_t row, int64_t, float count) { sums[row] += count; });
  for_each_entry(counts, [&](int64_t row, int64_t column, float& value) {
    value = static_cast<float>(f(double{value}, sums[row], sums[column]));
  });
  return counts;
}

// The value at a place of the matrix, 0 where there is no entry.
inline float value_at(const SparseRows& matrix, int64_t row, int64_t column) {
  const auto begin = matrix.column.begin() + matrix.offset[row],
             end = matrix.column.begin() + matrix.offset[row + 1];
  const auto found = std::lower_bound(begin, end, column);
  return found != end && *found == column ? matrix.value[found - matrix.column.begin()] : 0;
}

// What the items of a history of so many items weigh, from the oldest: decay^(length - 1 - j) for
// position j, divided by their sum. So the last item weighs most.
inline std::vector<float> decayed_weights(int64_t length, double decay) {
  std::vector<float> weight(static_cast<size_t>(length));
  double sum = 0, power = 1;
  for (size_t j = weight.size(); j-- > 0; power *= decay) {
    weight[j] = static_cast<float>(power);
    sum += power;
  }
  for (float& one : weight) one = static_cast<float>(one / sum);
  return weight;
}

// The normalised pointwise mutual information of one entry of count_pairs(), 0..1 (Bouma 2009):
// max(0, ln(p_ij / (p_i p_j)) / -ln p_ij). `row` and `column` are the sums of its row and column,
// `total` that of all entries.
inline double normalised_information(double count, double row, double column, double total) {
  return std::max(0.0, std::log(count * total / (row * column)) / -std::log(count / total));
}

// Positive pointwise mutual information less a shift (Levy and Goldberg 2014):
// max(0, ln(n_ij n / (n_i n_j)) - shift), where n is the sum of all counts.
inline SparseRows shifted_information(const SparseRows& counts, double shift) {
  const double total = total_of(counts);
  return with_values(counts, [&](double count, double row, double column) {
    return std::max(0.0, std::log(count * total / (row * column)) - shift);
  });
}

}  // namespace lea
