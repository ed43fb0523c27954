// The losses and gradients of text_gru, computed again with plain loops in double.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "plugins/tuning/text_gru_learner.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;
using Numbers = std::vector<double>;

constexpr int64_t kWidth = 3, kItems = 7, kWindow = 3;
const std::vector<std::vector<int32_t>> kSequences = {{1, 2, 3, 1, 4}, {5, 6, 2}, {7, 3}};

TuningSettings settings_of(const std::string& form, const std::string& negatives,
                           const std::string& similarity) {
  TuningSettings settings;
  settings.plugin = "text_gru";
  settings.batch_size = 7;  // all events with a history
  settings.negatives = 2;
  settings.reward_weight = 0.7;
  settings.state_weight = 1.3;
  settings.state_scale = 1.5;
  settings.state_loss = form;
  settings.state_negatives = negatives;
  settings.similarity = similarity;
  return settings;
}

// Row 0, the padding, is zeros.
Tensor item_vectors() {
  Tensor vectors = at::empty({kItems + 1, kWidth});
  for (int64_t i = 0; i < vectors.numel(); ++i)
    vectors.view(-1)[i] = 2 * unit(mix(11, static_cast<uint64_t>(i))) - 1;
  vectors[0].zero_();
  return vectors;
}

Numbers numbers_of(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(at::kDouble).contiguous().view(-1);
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }
double dot(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) sum += a[d] * b[d];
  return sum;
}

// Row `row` of a matrix with W columns times x, plus the bias of that row.
double line(const Numbers& matrix, const Numbers& bias, int64_t row, const Numbers& x) {
  double sum = bias[static_cast<size_t>(row)];
  for (int64_t d = 0; d < kWidth; ++d)
    sum += matrix[static_cast<size_t>(row * kWidth + d)] * x[static_cast<size_t>(d)];
  return sum;
}

// The network in the order of TextGruModel::parameters().
using Network = std::vector<Numbers>;

Numbers vector_of(int64_t item) { return numbers_of(item_vectors()[item]); }

Numbers state_after(const Network& network, const std::vector<int64_t>& history) {
  Numbers h(kWidth, 0);
  for (const int64_t item : history) {
    const Numbers x = vector_of(item);
    Numbers next(kWidth);
    for (int64_t d = 0; d < kWidth; ++d) {
      const auto from_input = [&](int64_t gate) {
        return line(network[0], network[2], gate * kWidth + d, x);
      };
      const auto from_state = [&](int64_t gate) {
        return line(network[1], network[3], gate * kWidth + d, h);
      };
      const double reset = sigma(from_input(0) + from_state(0)),
                   update = sigma(from_input(1) + from_state(1)),
                   candidate = std::tanh(from_input(2) + reset * from_state(2));
      const auto at = static_cast<size_t>(d);
      next[at] = (1 - update) * candidate + update * h[at];
    }
    h = next;
  }
  return h;
}

double reward_of(const Network& network, const Numbers& state, int64_t item) {
  Numbers weights(kWidth);
  for (int64_t d = 0; d < kWidth; ++d)
    weights[static_cast<size_t>(d)] = line(network[4], network[5], d, state);
  return dot(weights, vector_of(item));
}

// The last kWindow items before the row's event.
std::vector<int64_t> history_of(const TuningRow& row) {
  const auto& items = kSequences[static_cast<size_t>(row.sequence)];
  return {items.begin() + std::max<int64_t>(0, row.end - kWindow), items.begin() + row.end};
}
int64_t logged_of(const TuningRow& row) {
  return kSequences[static_cast<size_t>(row.sequence)][static_cast<size_t>(row.end)];
}
std::set<int64_t> items_of(const TuningRow& row) {
  const auto& items = kSequences[static_cast<size_t>(row.sequence)];
  return {items.begin(), items.end()};
}

TuningLosses plain_losses(const TuningSettings& settings, const Network& network,
                          const std::vector<TuningRow>& rows, const Tensor& negatives) {
  std::vector<int64_t> others;
  for (int64_t b = 0; b < std::ssize(rows); ++b) {
    if (settings.state_negatives == "batch") others.push_back(logged_of(rows[size_t(b)]));
    for (int64_t k = 0; settings.state_negatives == "sampled" && k < negatives.size(1); ++k)
      others.push_back(negatives[b][k].item<int64_t>());
  }
  double reward = 0, state = 0, counted = 0;
  for (int64_t b = 0; b < std::ssize(rows); ++b) {
    const TuningRow& row = rows[static_cast<size_t>(b)];
    const Numbers h = state_after(network, history_of(row));
    for (int64_t k = 0; k < negatives.size(1); ++k) {
      const double gap = reward_of(network, h, logged_of(row)) -
                         reward_of(network, h, negatives[b][k].item<int64_t>());
      reward -= std::log(sigma(gap)) / static_cast<double>(std::ssize(rows) * negatives.size(1));
    }
    const auto similar = [&](int64_t item) {
      const Numbers v = vector_of(item);
      const double length = settings.similarity == "cosine" ? std::sqrt(dot(h, h) * dot(v, v)) : 1;
      return settings.state_scale * dot(h, v) / length;
    };
    const double own = similar(logged_of(row));
    double sum = 0, exponentials = std::exp(own);
    int64_t count = 0;
    for (const int64_t other : others) {
      if (items_of(row).contains(other)) continue;
      ++count;
      const double gap = own - similar(other);
      sum += settings.state_loss == "logistic" ? -std::log(sigma(gap)) : -gap;
      exponentials += std::exp(similar(other));
    }
    if (count == 0) continue;
    ++counted;
    state += settings.state_loss == "softmax" ? std::log(exponentials) - own
                                              : sum / static_cast<double>(count);
  }
  state = counted > 0 ? state / counted : 0;
  return {settings.reward_weight * reward + settings.state_weight * state, reward, state};
}

using Reading = std::array<const char*, 3>;  // of L_sm: form, negatives, similarity

class TextGruLosses : public ::testing::TestWithParam<Reading> {
 protected:
  const TuningSettings settings_ = settings_of(GetParam()[0], GetParam()[1], GetParam()[2]);
  const TrainingData training_ = training_data(kItems, kWindow, kSequences);
  TextGruLearner learner_{settings_, item_vectors(), training_, at::kCPU};
  TuningBatches batches_{settings_, training_};
  const std::vector<TuningRow> rows_ = batches_.rows(0);
  const Tensor negatives_ = batches_.negatives(0, rows_);

  Network network() const {
    Network network;
    for (const Tensor& parameter : learner_.parameters()) network.push_back(numbers_of(parameter));
    return network;
  }
};

TEST_P(TextGruLosses, EqualPlainLoops) {
  ASSERT_EQ(rows_.size(), 7U);
  const auto found = learner_.accumulate(rows_, negatives_);
  const TuningLosses due = plain_losses(settings_, network(), rows_, negatives_);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->reward, due.reward, 1e-5);
  EXPECT_NEAR(found->state, due.state, 1e-5);
  EXPECT_NEAR(found->total, due.total, 1e-5);
}

TEST_P(TextGruLosses, HaveTheGradientsOfFiniteDifferences) {
  learner_.accumulate(rows_, negatives_);
  constexpr double kStep = 1e-5;
  for (size_t p = 0; p < learner_.parameters().size(); ++p) {
    const Tensor& parameter = learner_.parameters()[p];
    ASSERT_TRUE(parameter.grad().defined()) << p;
    const Numbers gradient = numbers_of(parameter.grad());
    for (size_t i = 0; i < gradient.size(); i += 4) {  // every fourth number
      const auto loss_at = [&](double step) {
        Network moved = network();
        moved[p][i] += step;
        return plain_losses(settings_, moved, rows_, negatives_).total;
      };
      EXPECT_NEAR(gradient[i], (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep), 1e-4)
          << "number " << i << " of parameter " << p;
    }
  }
}

TEST_P(TextGruLosses, ReportTheMeanAlsoWhenTheSumOverRowsIsDifferentiated) {
  TuningSettings sum = settings_, heavier = settings_;
  sum.reward_reduction = "sum";
  heavier.reward_weight *= static_cast<double>(std::ssize(rows_));
  TextGruLearner summing{sum, item_vectors(), training_, at::kCPU},
      weighing{heavier, item_vectors(), training_, at::kCPU};
  const auto losses = summing.accumulate(rows_, negatives_);
  weighing.accumulate(rows_, negatives_);
  EXPECT_EQ(losses->total, learner_.accumulate(rows_, negatives_)->total);
  for (size_t p = 0; p < summing.parameters().size(); ++p) {
    const Tensor found = summing.parameters()[p].grad(), due = weighing.parameters()[p].grad();
    EXPECT_LE((found - due).abs().max().item<double>(), 1e-6) << p;
  }
}

TEST_P(TextGruLosses, TakeNoNegativeOfTheSameSequence) {
  for (int64_t step = 0; step < 20; ++step) {
    const Tensor drawn = batches_.negatives(step, rows_);
    for (int64_t b = 0; b < std::ssize(rows_); ++b) {
      for (int64_t k = 0; k < drawn.size(1); ++k) {
        EXPECT_THAT(items_of(rows_[static_cast<size_t>(b)]),
                    Not(Contains(drawn[b][k].item<int64_t>())));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EachReading, TextGruLosses,
                         ::testing::Values(Reading{"logistic", "batch", "dot"},
                                           Reading{"softmax", "batch", "cosine"},
                                           Reading{"difference", "sampled", "dot"}),
                         [](const auto& info) { return std::string(info.param[0]); });

}  // namespace
}  // namespace lea::testing
