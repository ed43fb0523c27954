// What the environment text_gru learns, keeps and answers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "core/base/error.h"
#include "core/base/files.h"
#include "plugins/tuning/tables.h"
#include "plugins/tuning/text_gru_learner.h"
#include "tests/api/prepare_host.h"
#include "tests/api/text_gru.h"
#include "tests/base/scratch.h"

namespace lea::testing {
namespace {

using worker::TrialData;

class TextGru : public GruTest {};

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
    EXPECT_EQ(std::distance(begin(files), end(files)), 2)
        << "the model and the figures; no checkpoint is left";
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
  single.pool = Tensor();
  EXPECT_EQ(refusal(values_of(), single),
            "text_gru: portion: has 1 training sequence, none of which has two events, so there is "
            "no history to learn from. State a greater `portion`");
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
