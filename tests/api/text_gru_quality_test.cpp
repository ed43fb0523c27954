// The quality of text_gru, and its network as a rule beside another environment.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/api/table.h"
#include "core/base/files.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/quality_making.h"
#include "plugins/tuning/text_gru_baseline.h"
#include "plugins/tuning/text_gru_learner.h"
#include "plugins/tuning/text_rows.h"
#include "tests/api/text_gru.h"

namespace lea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using worker::TrialData;

// Makes whatever a test asks for, as an artefact that reads what the quality reads.
struct AnyMaker final : Preparer {
  explicit AnyMaker(std::function<void(PrepareContext&)> make) : make_(std::move(make)) {}
  void prepare(const Artefact&, PrepareContext& context) override { make_(context); }
  const std::function<void(PrepareContext&)> make_;
};

class TextGruQuality : public GruTest {
 protected:
  TextGruQuality() {
    settings_.plugin = "le", settings_.trained = "adapter";
    settings_.portion = 0.5;
    settings_.batch_size = 32;
    settings_.steps = 20;
  }

  // What is recorded when `make` is called. Of the calls of stop() that with the number `stop_at`
  // returns true.
  std::map<std::string, double> made(const TrialData& data, const std::string& folder,
                                     const std::function<void(PrepareContext&)>& make,
                                     int64_t stop_at = -1) {
    PluginEntry entry;
    entry.preparer = [&](const ParamValues&) { return std::make_shared<AnyMaker>(make); };
    const Artefact artefact = {.kind = "quality", .reads = {"texts", "training", "history"}};
    std::filesystem::create_directories(path(folder));
    return worker::make_artefact(entry, {}, artefact, data, path(folder), "", stop_at);
  }

  // Trains the baseline and writes its network to `folder`/kept.
  void train(PrepareContext& context) {
    const SparseRows rows = with_padding(tfidf(item_documents(context, "auto", "test")));
    const auto network = train_text_gru(settings_, rows, context);
    if (!network) return;
    network->save(context.folder() + "/kept");
    context.record("trained", 1);
  }

  TextGruModel network_of(const GruContext& context) const {
    return TextGruModel::read(context.made.folder("model") + kTextGruFile, kAll, 8, at::kCPU);
  }

  TuningSettings settings_;
};

TEST_F(TextGruQuality, MeasuresTheEnvironmentBesideTheOtherRules) {
  const GruContext context(values_of(), data_);
  const auto& figures = context.made.quality("quality");
  EXPECT_EQ(figures.at("events"), 30) << "those with a history of six sequences";
  EXPECT_EQ(figures.at("events.inside"), 30);
  for (const std::string figure :
       {"reward_accuracy", "reward_accuracy_matched", "reward_auc", "reward_auc_matched",
        "reward_choice", "state_accuracy", "state_choice"}) {
    EXPECT_TRUE(figures.contains(figure)) << figure;
    EXPECT_TRUE(figures.contains(figure + ".inside")) << figure;
    EXPECT_TRUE(figures.contains(figure + ".gain_low")) << figure;
    for (const char* rule : {"cooccurrence", "cooccurrence_all", "text", "vectors"})
      EXPECT_TRUE(figures.contains(figure + ".beside." + rule)) << figure << " " << rule;
    EXPECT_FALSE(figures.contains(figure + ".beside.text_gru")) << "it is the GRU itself";
  }
}

TEST_F(TextGruQuality, LeavesOutTheSequencesByWhichTheBestWasChosen) {
  const auto settings = [&](const std::string& keep, int64_t sequences) {
    return values_of({{"keep", keep}, {"validation_sequences", sequences}});
  };
  const GruContext last(settings("last", 2), data_);
  EXPECT_EQ(last.made.quality("quality").at("events.sequences"), 6);
  const GruContext best(settings("best", 2), data_);
  EXPECT_EQ(best.made.quality("quality").at("events.sequences"), 4);
  EXPECT_EQ(best.made.quality("quality").at("events"), 20);
  EXPECT_EQ(best.made.quality("quality").at("events.inside"), 30);
  const GruContext none(settings("best", 200), data_);
  EXPECT_EQ(none.made.quality("quality").at("events"), 0);
  EXPECT_TRUE(none.made.quality("quality").contains("reward_accuracy.inside"));
}

TEST_F(TextGruQuality, MeasuresTheSequencesBehindThoseThatValidated) {
  settings_.keep = "best";
  settings_.validation_sequences = 2;
  made(data_, "untouched", [&](PrepareContext& context) {
    const TrainingData all = context.training(), found = untouched_sequences(settings_, context);
    const int64_t first = all.offset[8].item<int64_t>();  // half of twelve, and two
    EXPECT_TRUE(at::equal(found.item, all.item.slice(0, first)));
    EXPECT_TRUE(at::equal(found.offset, all.offset.slice(0, 8) - first));
    EXPECT_EQ(found.items, all.items);
  });
}

TEST_F(TextGruQuality, MeasuresTheAnswersOfTheNetwork) {
  const GruContext context(values_of(), data_);
  const std::string folder = context.made.folder("quality");
  const TextGruModel network = network_of(context);
  const at::NoGradGuard no_grad;
  TrialData outside = data_;
  // The trial's portion is the first half of the sequences.
  outside.training.item = data_.training.item.narrow(0, 36, 36);
  outside.training.offset = data_.training.offset.narrow(0, 6, 7) - 36;
  const QualitySample sample(outside.training, 2000, mix(kQualityEvents, 1));
  const Tensor table = Table(folder + "/outside.safetensors").values();
  ASSERT_EQ(table.sizes(), (std::vector<int64_t>{30, answer_width(8)}));
  const Tensor states = network.states(sample.histories());
  EXPECT_LE(distance(table.narrow(1, 0, 6), network.rewards(states, sample.actions())), 1e-5);
  EXPECT_LE(distance(table.narrow(1, 6, 8), states), 1e-5);
  EXPECT_LE(distance(table.narrow(1, 14, 8), network.states(sample.others())), 1e-5);
}

TEST_F(TextGruQuality, IsNotMeasuredWithoutEvents) {
  const GruContext context(values_of({{"quality_events", int64_t{0}}}), data_);
  EXPECT_THAT(context.made.quality("quality"), IsEmpty());
}

TEST_F(TextGruQuality, IsTrainedBesideAnotherEnvironmentAsByItself) {
  // The learning rate, warm-up, schedule and clip of an adapter are not used for the GRU.
  settings_.learning_rate = 0.5;
  settings_.warm_up_steps = 5;
  settings_.schedule = "linear";
  settings_.clip = 1;
  made(data_, "beside", [&](PrepareContext& context) { train(context); });
  const ParamValues values = {
      {"portion", 0.5}, {"batch_size", int64_t{32}}, {"steps", int64_t{20}}};
  const GruContext itself(values, data_);
  EXPECT_EQ(read_file(path("beside/kept")), read_file(itself.made.folder("model") + kTextGruFile));
}

TEST_F(TextGruQuality, IsTrainedToTheSameBytesAfterStops) {
  made(data_, "whole", [&](PrepareContext& context) { train(context); });
  int attempts = 0;
  for (bool trained = false; !trained && attempts < 30; ++attempts) {
    trained = !made(
                   data_, "parts", [&](PrepareContext& context) { train(context); },
                   /*stop_at=*/10 + 5 * attempts)
                   .empty();
  }
  EXPECT_GT(attempts, 3);
  EXPECT_EQ(read_file(path("parts/kept")), read_file(path("whole/kept")));
  made(data_, "parts", [&](PrepareContext& context) { remove_text_gru(context); });
  EXPECT_FALSE(std::filesystem::exists(path("parts/text_gru")));
}

TEST_F(TextGruQuality, LeavesTheRandomNumbersOfTheMakingAsTheyAre) {
  at::manual_seed(5);
  const Tensor due = at::rand({4});
  at::manual_seed(5);
  made(data_, "beside", [&](PrepareContext& context) { train(context); });
  EXPECT_TRUE(at::equal(at::rand({4}), due));
}

TEST_F(TextGruQuality, ScoresAsTheNetworkDoes) {
  const GruContext context(values_of(), data_);
  const TextGruModel network = network_of(context);
  const QualitySample sample(data_.training, 20, 1);
  const at::NoGradGuard no_grad;
  const Tensor states = network.states(sample.histories()),
               all = at::arange(1, kAll + 1).unsqueeze(0).expand({sample.size(), kAll});
  const Tensor rewards = network.rewards(states, all);
  for (const char* similarity : {"dot", "cosine"}) {
    settings_.similarity = similarity;
    const Tensor similar = similarities(settings_, states, network.vectors_of(all));
    const auto scores_of = [&](double reward_weight, double state_weight, bool by_state,
                               const QualityEvent& event) {
      settings_.reward_weight = reward_weight, settings_.state_weight = state_weight;
      const auto baseline = text_gru_baseline(settings_, network);
      const Tensor scores = at::zeros({kAll}, at::kDouble);
      double* score = scores.mutable_data_ptr<double>();
      const auto asked = sample.asked(event, event.end);
      by_state ? void(baseline->state_score(asked, score)) : baseline->score(asked, score);
      return scores;
    };
    for (int64_t i = 0; i < sample.size(); ++i) {
      const QualityEvent& event = sample.events[static_cast<size_t>(i)];
      EXPECT_LE(distance(scores_of(1, 1, false, event), rewards[i]), 1e-5);
      EXPECT_LE(distance(scores_of(1, 1, true, event), similar[i]), 1e-5);
      // What was not trained is replaced by what was.
      EXPECT_LE(distance(scores_of(0, 1, false, event), similar[i]), 1e-5);
      EXPECT_LE(distance(scores_of(1, 0, true, event), rewards[i]), 1e-5);
      const auto baseline = text_gru_baseline(settings_, network);
      EXPECT_LE(distance(baseline->vector(sample.asked(event, event.end)), states[i]), 1e-5);
    }
  }
}

TEST_F(TextGruQuality, GivesNoGainToAnEnvironmentThatAnswersTheSame) {
  TrialData data = walks(60);
  // Two words that only this item has together, so that no two items are equal.
  for (int64_t item = 0; item < kAll; ++item)
    data.texts[0].second[static_cast<size_t>(item)] += " colour" + std::to_string(item % kOfGroup);
  const GruContext context(values_of(), data);
  const TextGruModel network = network_of(context);
  const QualitySample sample(data.training, 200, 1);
  const at::NoGradGuard no_grad;
  QualityAnswers answers;
  answers.states = network.states(sample.histories());
  answers.others = network.states(sample.others());
  answers.rewards = network.rewards(answers.states, sample.actions());
  answers.similarities =
      similarities(settings_, answers.states, network.vectors_of(sample.actions().narrow(1, 0, 5)));
  Baselines itself;
  itself.push_back(text_gru_baseline(settings_, network));
  const auto figures =
      measure_quality(sample, answers, itself, {}, [](int64_t, int64_t) { return false; });
  std::set<std::string> compared;
  for (const QualityFigure& figure : figures.value()) {
    if (!figure.better) continue;
    compared.insert(figure.name);
    EXPECT_NEAR(figure.spread.gain, 0, 0.02) << figure.name;
    EXPECT_LE(figure.spread.low, 0) << figure.name;
    EXPECT_GE(figure.spread.high, 0) << figure.name;
    EXPECT_FALSE(figure.knows_more()) << figure.name;
  }
  EXPECT_THAT(compared,
              ElementsAre("reward_accuracy", "reward_accuracy_matched", "reward_auc",
                          "reward_auc_matched", "reward_choice", "state_accuracy", "state_choice"));
}

TEST_F(TextGruQuality, LeavesOutTheRulesOfTextsWhereThereAreNoWords) {
  const auto names = [&](const TrialData& data, const std::string& folder, bool gru) {
    std::vector<std::string> all;
    for (const auto& [name, value] : made(data, folder, [&](PrepareContext& context) {
           const auto parts = quality_parts(settings_, 10, kQualityEvents, context);
           const auto baselines =
               quality_baselines(settings_, context, parts, "tokens", at::eye(kAll), gru);
           for (const auto& baseline : baselines.value()) context.record(baseline->name(), 1);
         }))
      all.push_back(name);
    return all;
  };
  EXPECT_THAT(names(data_, "with", true), ElementsAre("cooccurrence", "cooccurrence_all",
                                                      "popularity", "text", "text_gru", "tokens"));
  EXPECT_THAT(names(data_, "alone", false),
              ElementsAre("cooccurrence", "cooccurrence_all", "popularity", "text", "tokens"));
  TrialData without = data_, blank = data_;
  without.texts.clear();
  blank.texts[0].second.assign(static_cast<size_t>(kAll), "");
  for (const TrialData& data : {without, blank}) {
    EXPECT_THAT(names(data, "without", true),
                ElementsAre("cooccurrence", "cooccurrence_all", "popularity", "tokens"));
  }
  settings_.portion = 1;
  EXPECT_THAT(names(data_, "whole", true), IsEmpty()) << "no sequence is outside";
}

}  // namespace
}  // namespace lea::testing
