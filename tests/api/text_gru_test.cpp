// The environment text_gru: its losses computed again with plain loops, and what it answers.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "plugins/environments/text_gru_learner.h"
#include "plugins/tuning/tables.h"
#include "tests/api/prepare_host.h"
#include "tests/base/scratch.h"

namespace lea::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;
using worker::TrialData;
using Numbers = std::vector<double>;

// --- The losses with plain loops, in double. Vectors are rows of W numbers.

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

// --- The environment, on walks from one group of items to the next.

constexpr int64_t kGroups = 4, kOfGroup = 6, kAll = kGroups * kOfGroup;

TrialData walks(uint64_t count, uint64_t key = 1) {
  std::vector<std::vector<int32_t>> sequences;
  for (uint64_t s = 0; s < count; ++s) {
    sequences.emplace_back();
    for (uint64_t t = 0; t < 6; ++t)
      sequences.back().push_back(
          static_cast<int32_t>(1 + (s + t) % kGroups * kOfGroup + mix(key, s, t) % kOfGroup));
  }
  // The second word of an item is its own, so that it counts for nothing.
  std::vector<std::string> titles;
  for (int64_t item = 0; item < kAll; ++item) {
    const char* words[] = {"lamp", "chair", "table", "shelf"};
    titles.push_back(std::string(words[item / kOfGroup]) + " number" + std::to_string(item));
  }
  return {training_data(kAll, 4, sequences), {{"title", titles}}, {}};
}

ParamValues values_of(ParamValues more = {}) {
  more.insert({{"width", int64_t{8}},
               {"portion", 0.5},
               {"batch_size", int64_t{32}},
               {"steps", int64_t{20}},
               {"learning_rate", 0.01}});
  return more;
}

// A run with a pool, whose artefacts are made.
class GruContext final : public TestContext {
 public:
  GruContext(const ParamValues& values, const TrialData& from)
      : made(load_plugin("text_gru"), values, from), sampled(from.pool) {
    data = from.training;
    item_count = data.items;
    positions = data.history;
  }
  std::string artefact(const std::string& kind) const override { return made.folder(kind); }
  const Tensor& pool() const override { return sampled; }

  const worker::TrialArtefacts made;
  const Tensor sampled;
};

class TextGru : public ScratchTest {
 protected:
  TextGru() {
    data_.pool = at::empty({data_.training.events(), 2}, at::kLong);
    for (int64_t i = 0; i < data_.pool.numel(); ++i)
      data_.pool.view(-1)[i] = 1 + static_cast<int64_t>(mix(2, static_cast<uint64_t>(i)) % kAll);
  }
  History events() const {
    return data_.training.histories(at::arange(data_.training.events(), at::kLong));
  }
  static History outside(const History& history) {
    return {history.items, history.length, at::full_like(history.event, -1),
            at::full_like(history.place, -1)};
  }
  static double distance(const Tensor& a, const Tensor& b) {
    return (a - b).abs().max().item<double>();
  }
  static std::vector<Role> roles(int64_t count) {
    return std::vector<Role>(static_cast<size_t>(count), Role::kSampled);
  }

  TrialData data_ = walks(12);
};

TEST_F(TextGru, LooksUpWhatTheNetworkAnswers) {
  const GruContext context(values_of(), data_);
  const auto made = load_plugin("text_gru").environment(values_of(), context);
  const TextGruModel network =
      TextGruModel::read(context.made.folder("model") + kTextGruFile, kAll, 8, at::kCPU);
  const at::NoGradGuard no_grad;
  const History all = events();
  const Tensor actions = table_actions(data_.training, data_.pool, all.event),
               states = network.states(all), rewards = network.rewards(states, actions);
  ASSERT_EQ(actions.size(1), 3);
  EXPECT_EQ(made->state_width(), 8);
  EXPECT_LE(distance(made->state(all), states), 1e-5);
  const Tensor found = made->reward(all, actions, roles(3)), known = all.length.gt(0);
  EXPECT_LE(
      distance(found.masked_select(known.unsqueeze(1)), rewards.masked_select(known.unsqueeze(1))),
      1e-5);
  // The ends of sequences have states, too.
  const History places =
      data_.training.histories_at(at::arange(data_.training.places(), at::kLong));
  EXPECT_LE(distance(made->state(places), network.states(places)), 1e-5);
}

TEST_F(TextGru, GivesAllItemsTheMeanAfterAnEmptyHistory) {
  const History all = events(), none = {at::zeros({1, 4}, at::kLong), at::zeros({1}, at::kLong),
                                        at::full({1}, -1, at::kLong), at::full({1}, -1, at::kLong)};
  const Tensor actions = at::arange(1, kAll + 1).unsqueeze(0);
  for (const char* empty : {"mean", "zero"}) {
    const ParamValues values = values_of({{"empty_history", std::string(empty)}});
    const GruContext context(values, data_);
    const auto made = load_plugin("text_gru").environment(values, context);
    const Tensor table = Table(context.made.folder("rewards") + "/" + kRewardsFile).values();
    const double mean =
        table.index_select(0, all.length.gt(0).nonzero().squeeze(1)).mean().item<double>();
    const double due = std::string(empty) == "mean" ? mean : 0;
    EXPECT_NE(mean, 0);
    const Tensor starts = table.index_select(0, all.length.eq(0).nonzero().squeeze(1));
    EXPECT_EQ(starts.size(0), 12);
    EXPECT_LE((starts - due).abs().max().item<double>(), 1e-6) << empty;
    EXPECT_LE((made->reward(none, actions, roles(kAll)) - due).abs().max().item<double>(), 1e-6);
    EXPECT_EQ(made->state(none).abs().max().item<float>(), 0);
  }
}

TEST_F(TextGru, ComputesWhatIsInNoTable) {
  const GruContext context(values_of(), data_);
  const auto made = load_plugin("text_gru").environment(values_of(), context);
  const History all = events();
  const Tensor actions = table_actions(data_.training, data_.pool, all.event);
  EXPECT_LE(
      distance(made->reward(outside(all), actions, roles(3)), made->reward(all, actions, roles(3))),
      1e-5);
  EXPECT_LE(distance(made->state(outside(all)), made->state(all)), 1e-5);
  // A row with the logged item and items that its pool may lack.
  const Tensor mixed = at::cat(
      {actions.narrow(1, 0, 1), at::arange(1, kAll + 1).expand({actions.size(0), kAll})}, 1);
  EXPECT_LE(distance(made->reward(all, mixed, roles(1 + kAll)),
                     made->reward(outside(all), mixed, roles(1 + kAll))),
            1e-5);
}

TEST_F(TextGru, LeavesTheRandomNumbersOfTheRunAsTheyAre) {
  const GruContext context(values_of(), data_);
  const auto made = load_plugin("text_gru").environment(values_of(), context);
  at::manual_seed(5);
  const Tensor due = at::rand({4});
  at::manual_seed(5);
  made->state(outside(events()));  // reads the network
  EXPECT_TRUE(at::equal(at::rand({4}), due));
}

TEST_F(TextGru, GoesOnAfterTheLastStepAndEndsWithTheSameBytes) {
  for (const char* keep : {"last", "best"}) {
    const ParamValues values = values_of({{"keep", std::string(keep)}});
    const PluginEntry& entry = load_plugin("text_gru");
    const worker::TrialArtefacts whole(entry, values, data_);
    const auto model = std::find_if(entry.artefacts.begin(), entry.artefacts.end(),
                                    [](const Artefact& one) { return one.kind == "model"; });
    ASSERT_NE(model, entry.artefacts.end());
    const std::string folder = path(keep);
    std::filesystem::create_directories(folder);
    std::map<std::string, double> recorded;
    int attempts = 0;  // of three steps each
    for (; recorded.empty() && attempts < 20; ++attempts) {
      recorded = worker::make_artefact(entry, values, *model, data_, folder,
                                       whole.folder("vectors"), /*stop_at=*/3);
    }
    EXPECT_EQ(attempts, 7);  // for 20 steps
    EXPECT_EQ(recorded, whole.quality("model"));
    EXPECT_EQ(read_file(folder + kTextGruFile), read_file(whole.folder("model") + kTextGruFile));
    const std::filesystem::directory_iterator files(folder);
    EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a checkpoint is left";
  }
}

TEST_F(TextGru, IsTheSameWhateverStandsOutsideOfItsPortion) {
  TrialData other = data_;
  // The trial's portion is the first half of the sequences.
  other.training.item = data_.training.item.clone();
  Tensor rest = other.training.item.narrow(0, 36, 36);
  rest.copy_(walks(12, /*key=*/9).training.item.narrow(0, 36, 36));
  ASSERT_FALSE(at::equal(other.training.item, data_.training.item));
  const auto model_of = [](const TrialData& data) {
    const worker::TrialArtefacts made(load_plugin("text_gru"), values_of(), data);
    return read_file(made.folder("model") + kTextGruFile);
  };
  EXPECT_EQ(model_of(data_), model_of(other));
}

TEST_F(TextGru, LearnsWhichItemsComeNext) {
  const ParamValues values = values_of({{"steps", int64_t{400}}});
  const Prepared made("text_gru", values, walks(120));
  const auto& figures = made.context.made.quality("model");
  // A quarter of the sampled items are of the logged item's group, which no text tells apart.
  EXPECT_GT(figures.at("validation_accuracy"), 0.75);
  EXPECT_EQ(figures.at("diverged"), 0);
  const History of_second = outside(make_history({{1, 7, 0, 0}}, {2}));
  const Tensor rewards = made.reward(of_second, at::arange(1, kAll + 1).unsqueeze(0))[0];
  const Tensor next = rewards.narrow(0, 2 * kOfGroup, kOfGroup);
  const Tensor others =
      at::cat({rewards.narrow(0, 0, 2 * kOfGroup), rewards.narrow(0, 3 * kOfGroup, kOfGroup)});
  EXPECT_GT(next.min().item<double>(), others.max().item<double>()) << rewards;
}

std::string refusal(const ParamValues& values, const TrialData& data) {
  try {
    const worker::TrialArtefacts made(load_plugin("text_gru"), values, data);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

TEST_F(TextGru, RefusesWhatItCannotLearnFrom) {
  EXPECT_EQ(refusal(values_of({{"reward_weight", 0.0}, {"state_weight", 0.0}}), data_),
            "text_gru: reward_weight and state_weight are both 0, so there is nothing to learn");
  TrialData without = data_;
  without.texts.clear();
  EXPECT_EQ(refusal(values_of(), without),
            "text_gru: texts: the data set has no item texts. Put an items.tsv beside its "
            "interactions and import it again");
  TrialData blank = data_;
  blank.texts[0].second.assign(static_cast<size_t>(kAll), "");
  EXPECT_EQ(refusal(values_of(), blank),
            "text_gru: no word stands in the texts of 2 items or more, so every vector would be "
            "0. Name columns with text in `texts`, or lower `min_documents`");
  TrialData single = data_;
  single.training = training_data(kAll, 4, {{1}, {2}});
  single.pool = {};
  EXPECT_EQ(refusal(values_of(), single),
            "text_gru: portion: none of its 1 training sequences has two events, so there is no "
            "history to learn from. State a greater `portion`");
}

TEST_F(TextGru, RefusesANetworkOfAnotherNumberOfItems) {
  const GruContext context(values_of(), data_);
  const std::string path = context.made.folder("model") + kTextGruFile;
  try {
    TextGruModel::read(path, kAll + 1, 8, at::kCPU);
    FAIL() << "nothing thrown";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              path + ": must hold 26 vectors of 8 numbers, one for each item and one for padding");
  }
}

}  // namespace
}  // namespace lea::testing
