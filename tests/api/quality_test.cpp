// The figures of an environment's quality. tests/golden/quality/make.py computes them again with
// NumPy and scikit-learn.
#include "core/api/quality.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/api/counting.h"
#include "core/api/linear_probe.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const json& expected() {
  static const json read = golden("quality/quality.json");
  return read;
}

const auto never = [](int64_t, int64_t) { return false; };

// Remembers what is recorded and logged.
class Recorder final : public PrepareContext {
 public:
  int64_t items() const override { return 0; }
  int64_t history() const override { return 0; }
  c10::Device device() const override { return at::kCPU; }
  const TrainingData& training(double, uint64_t) override { return data_; }
  const TrainingData& rest(double, uint64_t) override { return data_; }
  std::vector<std::string> texts(const std::string&) override { return {}; }
  std::vector<std::string> text_columns() override { return {}; }
  Tensor pool() override { return {}; }
  std::string folder() const override { return ""; }
  std::string earlier() const override { return ""; }
  void record(const std::string& name, double value) override { figures[name] = value; }
  bool stop(int64_t, int64_t) override { return false; }
  void log(LogLevel, const std::string& message) override { logged.push_back(message); }

  std::map<std::string, double> figures;
  std::vector<std::string> logged;

 private:
  TrainingData data_;
};

// Numbers below n, of which small ones are more frequent. Different keys give independent ones.
int64_t skewed(uint64_t key, int64_t n) {
  const double drawn = unit(mix(17, key));
  return static_cast<int64_t>(drawn * drawn * static_cast<double>(n));
}

constexpr int64_t kItems = 30;

// `count` users whose items are drawn by their popularity alone.
TrainingData users_without_taste(int64_t count, uint64_t seed) {
  std::vector<std::vector<int32_t>> sequences;
  for (int64_t s = 0; s < count; ++s) {
    std::vector<int32_t> items;
    for (int64_t i = 0; i < 4 + s % 3; ++i) {
      const uint64_t key = mix(seed, static_cast<uint64_t>(s), static_cast<uint64_t>(i));
      items.push_back(static_cast<int32_t>(1 + skewed(key, kItems)));
    }
    sequences.push_back(items);
  }
  return training_data(kItems, 3, sequences);
}

Baselines two_baselines(const TrainingData& data) {
  Baselines baselines;
  baselines.push_back(popularity_baseline(data));
  baselines.push_back(cooccurrence_baseline("cooccurrence", data, /*leave_out_own=*/false));
  return baselines;
}

std::map<std::string, QualityFigure> by_name(const std::optional<std::vector<QualityFigure>>& all) {
  std::map<std::string, QualityFigure> figures;
  for (const QualityFigure& figure : all.value()) figures[figure.name] = figure;
  return figures;
}

TEST(QualityStatistics, AccuracyAndAreaEqualThoseOfScikitLearn) {
  const json& wanted = expected().at("statistics");
  const auto sequence = wanted.at("sequence").get<std::vector<int64_t>>();
  const auto positive = wanted.at("positive").get<std::vector<double>>(),
             negative = wanted.at("negative").get<std::vector<double>>(),
             other = wanted.at("other").get<std::vector<double>>();
  const auto better = [&](const std::vector<double>& than) {
    std::vector<double> share;
    for (size_t i = 0; i < positive.size(); ++i)
      share.push_back(positive[i] > than[i] ? 1 : positive[i] == than[i] ? 0.5 : 0);
    return mean_figure(sequence, share);
  };
  const int64_t sequences = sequence.back() + 1;
  const Spread accuracy = spread_of(better(negative), better(other), sequences),
               area = spread_of(auc_figure(sequence, positive, negative), {}, sequences);
  EXPECT_NEAR(accuracy.value, wanted.at("accuracy").get<double>(), 1e-12);
  EXPECT_NEAR(area.value, wanted.at("auc").get<double>(), 1e-12);
  EXPECT_NEAR(accuracy.gain, wanted.at("gain").get<double>(), 1e-12);
  // Other draws, so these agree but for chance.
  EXPECT_NEAR(accuracy.error, wanted.at("accuracy_error").get<double>(), 0.004);
  EXPECT_NEAR(area.error, wanted.at("auc_error").get<double>(), 0.004);
  EXPECT_NEAR(accuracy.low, wanted.at("gain_low").get<double>(), 0.01);
  EXPECT_NEAR(accuracy.high, wanted.at("gain_high").get<double>(), 0.01);
}

TEST(QualityStatistics, OneSequenceSaysNothingOfTheSpread) {
  const Spread spread = spread_of(mean_figure({0, 0}, {1, 0.5}), {}, 1);
  EXPECT_EQ(spread.value, 0.75);
  EXPECT_TRUE(std::isinf(spread.error));
  EXPECT_LT(spread.low, 0) << "so nothing is known to be better";
}

TEST(QualityStatistics, SequencesAreNumberedWithoutGaps) {
  std::vector<int64_t> sequence = {7, 7, 9, 40, 9};
  EXPECT_EQ(number_sequences(sequence), 3);
  EXPECT_THAT(sequence, ElementsAre(0, 0, 1, 2, 1));
}

TEST(LinearProbe, EqualsRidgeRegressionWithItsPenaltyChosenByLeavingOut) {
  for (const json& wanted : expected().at("probes")) {
    const auto matrix = [&](const char* name) {
      const json& rows = wanted.at(name);
      const auto values = rows.get<std::vector<std::vector<double>>>();
      std::vector<double> flat;
      for (const auto& row : values) flat.insert(flat.end(), row.begin(), row.end());
      return at::tensor(flat, at::kDouble).view({std::ssize(values), -1});
    };
    const LinearProbe probe = fit_linear_probe(matrix("inputs"), matrix("targets"));
    EXPECT_NEAR(probe.penalty, wanted.at("penalty").get<double>(), 1e-9);
    EXPECT_LT((probe(matrix("new")) - matrix("predicted")).abs().max().item<double>(), 1e-6);
  }
}

TEST(Baselines, ScoreAsNumPyAndScikitLearnDo) {
  const json& wanted = expected().at("baselines");
  const TrainingData data =
      training_data(8, 4, wanted.at("sequences").get<std::vector<std::vector<int32_t>>>());
  const auto vectors = wanted.at("vectors").get<std::vector<std::vector<double>>>();
  std::vector<double> flat;
  for (const auto& row : vectors) flat.insert(flat.end(), row.begin(), row.end());
  std::map<std::string, std::unique_ptr<Baseline>> baselines;
  baselines["popularity"] = popularity_baseline(data);
  baselines["cooccurrence"] = cooccurrence_baseline("cooccurrence", data, false);
  baselines["cooccurrence_without_own"] = cooccurrence_baseline("all", data, true);
  baselines["text"] = text_baseline(wanted.at("texts").get<std::vector<std::string>>());
  baselines["tokens"] = vector_baseline("tokens", at::tensor(flat, at::kDouble).view({8, -1}));
  QualitySample sample(data, 0, 1);
  QualityEvent event;
  event.sequence = wanted.at("own");
  const auto asked = sample.asked(event, wanted.at("end"));
  ASSERT_EQ(asked.history.size(), 4u);
  for (const auto& [name, baseline] : baselines) {
    const auto due = wanted.at("scores").at(name).get<std::vector<double>>();
    std::vector<double> scores(8, 0);
    baseline->score(asked, scores.data());
    for (size_t j = 0; j < due.size(); ++j)
      EXPECT_NEAR(scores[j], due[j], 1e-6) << name << ", item " << j + 1;
  }
}

TEST(QualitySample, DrawsItemsOutsideOfTheSequence) {
  const TrainingData data = users_without_taste(60, 1);
  const QualitySample sample(data, 100, 5);
  EXPECT_EQ(sample.size(), 100);
  const int64_t* first = data.offset.const_data_ptr<int64_t>();
  const int32_t* item = data.item.const_data_ptr<int32_t>();
  std::set<std::pair<int64_t, int64_t>> seen;
  std::set<int64_t> places;
  for (const QualityEvent& event : sample.events) {
    const std::set<int64_t> own(item + first[event.sequence], item + first[event.sequence + 1]);
    EXPECT_TRUE(seen.emplace(event.sequence, event.end).second) << "each event once";
    EXPECT_EQ(event.logged, item[first[event.sequence] + event.end]);
    EXPECT_FALSE(own.contains(event.matched));
    const std::vector<int64_t> candidates = event.candidates();
    EXPECT_EQ(std::set<int64_t>(candidates.begin(), candidates.end()).size(), kCandidates);
    EXPECT_EQ(candidates.at(static_cast<size_t>(event.place)), event.logged);
    for (const int64_t drawn : event.drawn) EXPECT_FALSE(own.contains(drawn));
    EXPECT_GE(event.other, 1);
    EXPECT_NE(event.other, event.end);
    EXPECT_LE(event.other, first[event.sequence + 1] - first[event.sequence]);
    EXPECT_NE(sample.events.at(static_cast<size_t>(event.stranger)).sequence, event.sequence);
    places.insert(event.place);
  }
  EXPECT_EQ(places.size(), kCandidates);
  const History histories = sample.histories();
  EXPECT_TRUE(histories.length.gt(0).all().item<bool>());
  EXPECT_TRUE(histories.event.eq(-1).all().item<bool>());
  EXPECT_EQ(sample.actions().select(1, 0)[7].item<int64_t>(), sample.events[7].logged);
}

TEST(QualitySample, AsksForTheCandidatesAndTheMatchedItem) {
  const QualitySample sample(users_without_taste(60, 1), 100, 5);
  const Tensor actions = sample.actions();
  ASSERT_EQ(actions.sizes(), (std::vector<int64_t>{100, QualityEvent::kActions}));
  for (int64_t i = 0; i < sample.size(); ++i) {
    const QualityEvent& event = sample.events[static_cast<size_t>(i)];
    const std::vector<int64_t> due = {event.logged,   event.drawn[0], event.drawn[1],
                                      event.drawn[2], event.drawn[3], event.matched};
    EXPECT_TRUE(at::equal(actions[i], at::tensor(due, at::kLong))) << "event " << i;
  }
  const QualitySample some = sample.part(30, 50);
  EXPECT_TRUE(at::equal(some.actions(), actions.slice(0, 30, 50)));
  EXPECT_TRUE(at::equal(some.histories().items, sample.histories().items.slice(0, 30, 50)));

  const QualitySample few(training_data(3, 2, {{1, 2}, {3, 3}}), 10, 1);
  EXPECT_THAT(few.events[0].actions(), ElementsAre(2, 3, 2, 2, 2, 3))
      << "the logged item stands where there is no other one";
}

TEST(QualitySample, FewerEventsAreSomeOfMore) {
  const TrainingData data = users_without_taste(60, 1);
  const QualitySample few(data, 20, 5), many(data, 100, 5);
  std::map<std::pair<int64_t, int64_t>, int64_t> matched;
  for (const QualityEvent& event : many.events)
    matched[{event.sequence, event.end}] = event.matched;
  for (const QualityEvent& event : few.events)
    EXPECT_EQ(matched.at({event.sequence, event.end}), event.matched);
}

TEST(QualitySample, LeavesOutEventsThatHaveNothingBesideThem) {
  EXPECT_EQ(QualitySample(training_data(3, 2, {{1, 2, 3}, {1}}), 10, 1).size(), 0);
  EXPECT_EQ(QualitySample(training_data(3, 2, {}), 10, 1).size(), 0);
  const QualitySample one(training_data(3, 2, {{1, 2}, {3, 3}}), 10, 1);
  ASSERT_EQ(one.size(), 2);
  EXPECT_THAT(one.events[0].candidates(), IsEmpty()) << "there are no five items";
}

// The rewards that an environment gives which knows the counts alone.
Tensor popular_rewards(const QualitySample& sample, const TrainingData& data) {
  const Tensor counts = item_counts(data);
  return counts.index_select(0, sample.actions().flatten() - 1).view(sample.actions().sizes());
}

TEST(Quality, APerfectEnvironmentIsAlwaysRight) {
  const TrainingData learned = users_without_taste(100, 1), others = users_without_taste(200, 2);
  const QualitySample sample(others, 400, 1);
  QualityAnswers answers;
  answers.rewards = at::zeros({sample.size(), QualityEvent::kActions});
  answers.rewards.select(1, 0).fill_(1);
  const auto figures = by_name(measure_quality(sample, answers, two_baselines(learned), {}, never));
  ASSERT_EQ(figures.size(), 5u) << "there are no states";
  for (const auto& [name, figure] : figures) {
    EXPECT_EQ(figure.spread.value, 1) << name;
    EXPECT_TRUE(figure.knows_more()) << name;
  }
}

TEST(Quality, AnEnvironmentThatKnowsPopularityAloneKnowsNoMoreThanTheBaselines) {
  const TrainingData learned = users_without_taste(300, 1), others = users_without_taste(300, 2);
  const QualitySample sample(others, 600, 1);
  QualityAnswers answers;
  answers.rewards = popular_rewards(sample, learned);
  const auto measured = measure_quality(sample, answers, two_baselines(learned), {}, never);
  const auto figures = by_name(measured);
  EXPECT_GT(figures.at("reward_accuracy").spread.value, 0.6);
  EXPECT_LT(figures.at("reward_accuracy_matched").spread.value,
            figures.at("reward_accuracy").spread.value - 0.05);
  EXPECT_EQ(figures.at("reward_accuracy").best, "popularity");
  EXPECT_EQ(figures.at("reward_accuracy").spread.gain, 0);
  for (const auto& [name, figure] : figures) EXPECT_FALSE(figure.knows_more()) << name;

  Recorder recorder;
  record_quality(recorder, *measured, {});
  EXPECT_EQ(recorder.figures.at("reward_accuracy.gain_low"), 0);
  EXPECT_EQ(recorder.figures.at("reward_accuracy.beside.popularity"),
            recorder.figures.at("reward_accuracy"));
  EXPECT_EQ(recorder.figures.at("reward_accuracy.gain_low.popularity"), 0);
  EXPECT_EQ(recorder.figures.at("reward_accuracy.gain_high.popularity"), 0);
  for (const auto& [name, spread] : figures.at("reward_accuracy").over) {
    EXPECT_NEAR(
        spread.gain,
        figures.at("reward_accuracy").spread.value - figures.at("reward_accuracy").beside.at(name),
        1e-12);
    EXPECT_LE(spread.low, spread.gain) << name;
    EXPECT_LE(spread.gain, spread.high) << name;
    EXPECT_EQ(recorder.figures.at("reward_accuracy.gain_low." + name), spread.low);
  }
  EXPECT_EQ(figures.at("reward_accuracy").over.size(), 2U);
  EXPECT_THAT(recorder.logged,
              Contains(HasSubstr("this environment knows no more here than the baselines do")));
}

TEST(Quality, AStateThatIsTheNextItemsVectorTellsTheNextItem) {
  const TrainingData data = users_without_taste(300, 3);
  const QualitySample sample(data, 800, 1);
  const Tensor vectors = at::eye(kItems);
  const Tensor logged = sample.actions().select(1, 0) - 1;
  QualityAnswers answers;
  answers.states = vectors.index_select(0, logged) * 3 + 1;
  answers.others = answers.states.clone();
  const auto figures =
      by_name(measure_quality(sample, answers, two_baselines(data), vectors, never));
  EXPECT_EQ(figures.at("state_hit_20").spread.value, 1);
  EXPECT_LT(figures.at("state_hit_20").beside.at("popularity"), 1);
  EXPECT_TRUE(figures.at("state_hit_20").knows_more());
  EXPECT_GT(figures.at("state_accuracy").spread.value, 0.9);
  EXPECT_THAT(figures.at("state_cosine").best, IsEmpty()) << "it is not better or worse";
}

TEST(Quality, StatesThatAreAllAlikeTellNothingApart) {
  const QualitySample sample(users_without_taste(50, 3), 100, 1);
  QualityAnswers answers;
  answers.states = at::ones({sample.size(), 4});
  answers.others = at::ones({sample.size(), 4});
  const auto figures = by_name(measure_quality(sample, answers, {}, {}, never));
  EXPECT_EQ(figures.at("state_accuracy").spread.value, 0.5);
  EXPECT_NEAR(figures.at("state_cosine").spread.value, 1, 1e-12);
}

// Scores items by their number, and by the state the other way round.
class Numbers final : public Baseline {
 public:
  Numbers() : Baseline("numbers") {}
  void score(const Asked&, double* scores) const override {
    for (int64_t j = 0; j < kItems; ++j) scores[j] += static_cast<double>(j);
  }
  bool state_score(const Asked&, double* scores) const override {
    for (int64_t j = 0; j < kItems; ++j) scores[j] -= static_cast<double>(j);
    return true;
  }
};

TEST(Quality, ChoosesByTheGreatestRewardAndByTheGreatestSimilarity) {
  const TrainingData data = users_without_taste(200, 4);
  const QualitySample sample(data, 500, 1);
  double greatest = 0, least = 0;  // events whose logged item has the greatest or the least number
  for (const QualityEvent& event : sample.events) {
    const auto [low, high] = std::minmax_element(event.drawn.begin(), event.drawn.end());
    greatest += event.logged > *high;
    least += event.logged < *low;
  }
  const auto events = static_cast<double>(sample.size());
  QualityAnswers answers;
  answers.rewards = sample.actions().to(at::kFloat);
  answers.similarities = at::ones({sample.size(), static_cast<int64_t>(kCandidates)});
  // A greater reward of the matched item, which is no candidate, changes nothing.
  answers.rewards.select(1, QualityEvent::kMatched).fill_(100);
  Baselines baselines = two_baselines(data);
  baselines.push_back(std::make_unique<Numbers>());
  const auto figures = by_name(measure_quality(sample, answers, baselines, {}, never));
  EXPECT_NEAR(figures.at("reward_choice").spread.value, greatest / events, 1e-12);
  EXPECT_NEAR(figures.at("reward_choice").beside.at("numbers"), greatest / events, 1e-12);
  EXPECT_NEAR(figures.at("state_choice").spread.value, 0.2, 1e-12) << "all are equal";
  EXPECT_NEAR(figures.at("state_choice").beside.at("numbers"), least / events, 1e-12);
  EXPECT_EQ(figures.at("state_choice").beside.at("popularity"),
            figures.at("reward_choice").beside.at("popularity"))
      << "it has no state, so its scores choose";
  EXPECT_FALSE(figures.at("state_choice").knows_more());
}

TEST(Quality, ChoicesAreCountedByPlace) {
  const TrainingData data = users_without_taste(200, 4);
  const QualitySample sample(data, 500, 1);
  std::vector<int64_t> first(static_cast<size_t>(sample.size()), 0), right;
  for (const QualityEvent& event : sample.events) right.push_back(event.place);
  const auto always_first = by_name(measure_choices(sample, first, {}, never));
  EXPECT_EQ(always_first.at("choice_accuracy.at_1").spread.value, 1);
  EXPECT_EQ(always_first.at("choice_accuracy.at_3").spread.value, 0);
  EXPECT_EQ(always_first.at("choice_accuracy.share_1").spread.value, 1);
  EXPECT_NEAR(always_first.at("choice_accuracy").spread.value, 0.2, 0.06);
  const auto perfect = by_name(measure_choices(sample, right, two_baselines(data), never));
  EXPECT_EQ(perfect.at("choice_accuracy").spread.value, 1);
  EXPECT_GT(perfect.at("choice_accuracy").beside.at("popularity"), 0.2);
  EXPECT_TRUE(perfect.at("choice_accuracy").knows_more());
}

TEST(Quality, MemorisingIsWarnedOf) {
  const auto figure = [](double value, double error) {
    QualityFigure one;
    one.name = "reward_accuracy";
    one.spread = {value, error, value, value - 1, value + 1};
    return one;
  };
  Recorder within, beyond;
  record_quality(within, {figure(0.7, 0.03)}, {figure(0.77, 0.03)});
  EXPECT_THAT(within.logged, IsEmpty());
  record_quality(beyond, {figure(0.7, 0.02)}, {figure(0.77, 0.02)});
  EXPECT_THAT(beyond.logged, ElementsAre(HasSubstr("reward_accuracy is 0.770 on the training "
                                                   "sequences that the environment has learned "
                                                   "from, and 0.700 on others")));
  EXPECT_EQ(beyond.figures.at("reward_accuracy.inside"), 0.77);
  EXPECT_EQ(beyond.figures.at("reward_accuracy.error"), 0.02);
}

TEST(Quality, IsNothingAfterAStop) {
  const TrainingData data = users_without_taste(20, 1);
  const QualitySample sample(data, 20, 1);
  const auto always = [](int64_t, int64_t) { return true; };
  EXPECT_FALSE(measure_quality(sample, {}, two_baselines(data), {}, always).has_value());
}

}  // namespace
}  // namespace lea::testing
