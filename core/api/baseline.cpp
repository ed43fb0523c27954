#include "core/api/baseline.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/api/counting.h"
#include "core/api/pair_counts.h"
#include "core/api/tfidf.h"

namespace lea {
namespace {

constexpr int64_t kWindow = 5;   // of pairs, as lea.cooccurrence has it
constexpr double kDecay = 0.8;   // the same
constexpr double kTiny = 1e-12;  // a length below it is 0 but for rounding

class Popularity final : public Baseline {
 public:
  explicit Popularity(const TrainingData& training)
      : Baseline("popularity"), counts_(item_counts(training).to(at::kDouble).contiguous()) {}

  void score(const Asked&, double* scores) const override {
    const double* count = counts_.const_data_ptr<double>();
    for (int64_t j = 0; j < counts_.size(0); ++j) scores[j] += count[j];
  }

 private:
  const Tensor counts_;  // double [N]
};

class Cooccurrence final : public Baseline {
 public:
  Cooccurrence(const std::string& name, const TrainingData& training, bool leave_out_own)
      : Baseline(name),
        leave_out_own_(leave_out_own),
        counts_(*count_pairs(training, kWindow, [](int64_t, int64_t) { return false; })),
        sums_(static_cast<size_t>(counts_.rows()), 0),
        total_(total_of(counts_)) {
    for_each_entry(counts_, [&](int64_t row, int64_t, float count) {
      sums_[static_cast<size_t>(row)] += double{count};
    });
  }

  void score(const Asked& asked, double* scores) const override {
    const std::span<const int32_t> own = leave_out_own_ ? asked.own : std::span<const int32_t>();
    // The share that the event's own sequence has in the sums, and in the row of one item.
    std::vector<double> own_sums(leave_out_own_ ? sums_.size() : 0, 0), own_row(own_sums);
    double total = total_;
    for (size_t at = 0; at < own.size(); ++at) {
      for_each_pair(own, at, [&](int32_t) {
        ++own_sums[static_cast<size_t>(own[at])];
        --total;
      });
    }
    const auto sum_of = [&](int64_t item) {
      const auto i = static_cast<size_t>(item);
      return own.empty() ? sums_[i] : sums_[i] - own_sums[i];
    };
    const std::vector<float> weight = decayed_weights(std::ssize(asked.history), kDecay);
    for (size_t place = 0; place < weight.size(); ++place) {
      const int32_t item = asked.history[place];
      const auto change_row = [&](double by) {
        for (size_t at = 0; at < own.size(); ++at) {
          if (own[at] == item)
            for_each_pair(own, at,
                          [&](int32_t other) { own_row[static_cast<size_t>(other)] += by; });
        }
      };
      change_row(1);
      const auto row = static_cast<size_t>(item);
      for (int64_t i = counts_.offset[row]; i < counts_.offset[row + 1]; ++i) {
        const auto entry = static_cast<size_t>(i);
        const int32_t other = counts_.column[entry];
        const double count =
            double{counts_.value[entry]} - (own.empty() ? 0 : own_row[static_cast<size_t>(other)]);
        if (count > 0) {
          scores[other - 1] += double{weight[place]} *
                               normalised_information(count, sum_of(item), sum_of(other), total);
        }
      }
      change_row(-1);
    }
  }

  Tensor vector(const Asked& asked) const override {
    const Tensor scores = at::zeros({counts_.columns - 1}, at::kDouble);
    score(asked, scores.mutable_data_ptr<double>());
    return scores;
  }

 private:
  // The other items that count_pairs() pairs with the one at a place.
  template <class Visit>
  static void for_each_pair(std::span<const int32_t> own, size_t at, const Visit& visit) {
    const size_t begin = at - std::min<size_t>(at, kWindow),
                 end = std::min(own.size(), at + static_cast<size_t>(kWindow) + 1);
    for (size_t other = begin; other < end; ++other) {
      if (own[other] != own[at]) visit(own[other]);
    }
  }

  const bool leave_out_own_;
  const SparseRows counts_;
  std::vector<double> sums_;  // [N + 1], of the rows
  const double total_;
};

class Text final : public Baseline {
 public:
  explicit Text(const std::vector<std::string>& texts)
      : Baseline("text"), rows_(tfidf(texts)), items_(rows_.transposed()) {}

  void score(const Asked& asked, double* scores) const override {
    const Tensor mean = vector(asked);
    const double length = mean.norm().item<double>();
    if (length < kTiny) return;
    const double* weight = mean.const_data_ptr<double>();
    for (int64_t feature = 0; feature < rows_.columns; ++feature) {
      if (weight[feature] != 0) items_.add_row(feature, weight[feature] / length, scores);
    }
  }

  Tensor vector(const Asked& asked) const override {
    const Tensor mean = at::zeros({rows_.columns}, at::kDouble);
    for (const int32_t item : asked.history) {
      rows_.add_row(item - 1, 1 / static_cast<double>(asked.history.size()),
                    mean.mutable_data_ptr<double>());
    }
    return mean;
  }

 private:
  const SparseRows rows_, items_;  // [N, features] and its transpose
};

class Vectors final : public Baseline {
 public:
  Vectors(const std::string& name, const Tensor& vectors)
      : Baseline(name),
        centred_((vectors.to(at::kCPU, at::kFloat) - vectors.to(at::kCPU, at::kFloat).mean(0))),
        units_(centred_units(vectors)) {}

  void score(const Asked& asked, double* scores) const override {
    const Tensor mean = vector(asked);
    const Tensor unit = (mean / mean.norm().clamp_min(kTiny)).to(at::kFloat);
    const Tensor product = at::mv(units_, unit).to(at::kDouble);
    const double* value = product.const_data_ptr<double>();
    for (int64_t j = 0; j < product.size(0); ++j) scores[j] += value[j];
  }

  Tensor vector(const Asked& asked) const override {
    std::vector<int64_t> rows;
    for (const int32_t item : asked.history) rows.push_back(item - 1);
    return centred_.index_select(0, at::tensor(rows, at::kLong)).mean(0).to(at::kDouble);
  }

 private:
  const Tensor centred_, units_;  // float [N, V]
};

}  // namespace

Baseline::~Baseline() = default;

bool Baseline::state_score(const Asked&, double*) const { return false; }

Tensor Baseline::vector(const Asked&) const { return {}; }

std::unique_ptr<Baseline> popularity_baseline(const TrainingData& training) {
  return std::make_unique<Popularity>(training);
}

std::unique_ptr<Baseline> cooccurrence_baseline(const std::string& name,
                                                const TrainingData& training, bool leave_out_own) {
  return std::make_unique<Cooccurrence>(name, training, leave_out_own);
}

std::unique_ptr<Baseline> text_baseline(const std::vector<std::string>& texts) {
  return std::make_unique<Text>(texts);
}

std::unique_ptr<Baseline> vector_baseline(const std::string& name, const Tensor& vectors) {
  return std::make_unique<Vectors>(name, vectors);
}

Tensor centred_units(const Tensor& vectors) {
  const Tensor rows = vectors.to(at::kCPU, at::kFloat);
  const Tensor centred = rows - rows.mean(0);
  return centred / centred.norm(2, 1, /*keepdim=*/true).clamp_min(kTiny);
}

}  // namespace lea
