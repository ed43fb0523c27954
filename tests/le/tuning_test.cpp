// The losses of the LE and its training: numbers of PyTorch, interruptions, divergence.
#include "plugins/le/tuning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "plugins/le/tuner.h"
#include "plugins/tuning/batches.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/training.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

double number(const at::Tensor& scalar) { return scalar.item<double>(); }
double loss_of_gap(double gap) { return std::log1p(std::exp(-gap)); }

TEST(RewardLoss, IsTheMeanOverPairs) {
  const at::Tensor logged = at::tensor({1.0f, 0.0f}),
                   sampled = at::tensor({0.0f, 3.0f, 0.0f, -1.0f}).view({2, 2});
  const double due = (loss_of_gap(1) + loss_of_gap(-2) + loss_of_gap(0) + loss_of_gap(1)) / 4;
  EXPECT_NEAR(number(reward_loss(logged, sampled)), due, 1e-6);
}

TEST(RewardLoss, CountsOnceForEachRowOfASum) {
  Settings settings;
  settings.reward_weight = 0.5;
  EXPECT_EQ(weight_of_reward_loss(settings, 7), 0.5);
  settings.reward_reduction = "sum";
  EXPECT_EQ(weight_of_reward_loss(settings, 7), 3.5);
}

class StateLoss : public testing::Test {
 protected:
  // The similarities of both states are 2 and 1 to their own items, and 1, 0, -1 and 0, 1, 0 to the
  // others. The first row may not have the second item.
  double loss(const std::string& form, const std::string& similarity = "dot", double scale = 1) {
    Settings settings;
    settings.state_loss = form;
    settings.similarity = similarity;
    settings.state_scale = scale;
    return number(state_loss(settings, state_, positive_, others_, allowed_));
  }
  at::Tensor state_ = at::tensor({1.0f, 0.0f, 0.0f, 1.0f}).view({2, 2});
  at::Tensor positive_ = at::tensor({2.0f, 5.0f, 7.0f, 1.0f}).view({2, 2});
  at::Tensor others_ = at::tensor({1.0f, 0.0f, 0.0f, 1.0f, -1.0f, 0.0f}).view({3, 2});
  at::Tensor allowed_ = at::tensor({1, 0, 1, 1, 1, 1}, at::kLong).to(at::kBool).view({2, 3});
};

TEST_F(StateLoss, IsLogisticInForm2a) {
  const double first = (loss_of_gap(1) + loss_of_gap(3)) / 2,
               second = (loss_of_gap(1) + loss_of_gap(0) + loss_of_gap(1)) / 3;
  EXPECT_NEAR(loss("logistic"), (first + second) / 2, 1e-6);
}

TEST_F(StateLoss, IsASoftmaxInForm2b) {
  const double first = std::log(std::exp(2) + std::exp(1) + std::exp(-1)) - 2,
               second = std::log(std::exp(1) + 2 * std::exp(0) + std::exp(1)) - 1;
  EXPECT_NEAR(loss("softmax"), (first + second) / 2, 1e-6);
}

TEST_F(StateLoss, IsADifferenceInForm2c) {
  EXPECT_NEAR(loss("difference"), -(2.0 + 2.0 / 3) / 2, 1e-6);
  EXPECT_NEAR(loss("difference", "dot", 0.3), -0.3 * (2.0 + 2.0 / 3) / 2, 1e-6);
}

TEST_F(StateLoss, TakesTheCosine) {
  const double own_first = 2 / std::sqrt(29.0), own_second = 1 / std::sqrt(50.0);
  const double due = -((own_first - 1 + own_first + 1) / 2 + own_second - 1.0 / 3) / 2;
  EXPECT_NEAR(loss("difference", "cosine"), due, 1e-6);
}

TEST_F(StateLoss, LeavesOutRowsWithoutANegative) {
  allowed_[0].fill_(false);
  for (const char* form : {"logistic", "softmax", "difference"}) {
    Settings settings;
    settings.state_loss = form;
    const double second =
        number(state_loss(settings, state_.narrow(0, 1, 1), positive_.narrow(0, 1, 1), others_,
                          allowed_.narrow(0, 1, 1)));
    EXPECT_NEAR(loss(form), second, 1e-6) << form;
  }
  allowed_.fill_(false);
  EXPECT_EQ(loss("softmax"), 0);
}

TEST(AllowedNegatives, AreNoItemsOfTheSequence) {
  const TrainingData training = training_of({{1, 2, 3}, {4, 5}, {2, 6}});
  const std::vector<int64_t> sequence = {0, 0, 1, 2}, others = {1, 4, 6, 2, 12};
  const at::Tensor allowed =
      allowed_negatives(training, at::tensor(sequence, at::kLong), at::tensor(others, at::kLong));
  const at::Tensor due =
      at::tensor({0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1}, at::kLong)
          .view({4, 5});
  EXPECT_TRUE(at::equal(allowed.to(at::kLong), due)) << allowed;
}

TEST(MeanCosine, IsThatOfPairsOfRows) {
  EXPECT_NEAR(mean_cosine(at::ones({5, 3}), 1), 1, 1e-6);
  EXPECT_NEAR(mean_cosine(at::eye(4), 1), 0, 1e-6);
  EXPECT_EQ(mean_cosine(at::zeros({4, 3}), 1), 0);
  EXPECT_NEAR(mean_cosine(at::cat({at::ones({2, 3}), at::zeros({5, 3})}), 1), 1, 1e-6);
  EXPECT_THAT(collapse_warning(0.89), IsEmpty());
  EXPECT_THAT(collapse_warning(0.97), HasSubstr("0.97"));
}

class Golden : public ScratchTest, public testing::WithParamInterface<const char*> {
 protected:
  Golden() { write_item_tokens(folder_); }
  const nlohmann::json& due() const { return golden().at("cases").at(GetParam()); }
  Settings settings() const {
    Settings settings = tiny_settings(due().at("settings"));
    settings.steps = golden().at("steps");
    return settings;
  }

  // The parameters by PyTorch's names, which the golden file has in the order of the tuner's.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, values] : due().at("start").items()) {
      if (!name.starts_with("head.")) all.push_back(name);
    }
    all.push_back("head.weight");
    if (due().at("start").contains("head.bias")) all.push_back("head.bias");
    return all;
  }
  // The head's bias cancels in Eq. (1), so that its gradient is rounding alone, of which Adam makes
  // steps of full length. After a training it is compared with nothing.
  void expect_near(const std::vector<at::Tensor>& found, const nlohmann::json& wanted,
                   bool trained = false) const {
    const auto all = names();
    ASSERT_EQ(found.size(), all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      if (trained && all[i] == "head.bias") continue;
      const at::Tensor reference = lm::floats(wanted.at(all[i]), found[i].sizes());
      const double scale = std::max(1e-3, number(reference.abs().max()));
      EXPECT_LE(number((found[i].detach().to(at::kDouble) - reference).abs().max()) / scale, 1e-4)
          << all[i];
    }
  }
  // The losses and gradients of a step at the tuner's parameters.
  void expect_step(Tuner& tuner, int64_t step, const nlohmann::json& wanted) const {
    TuningBatches batches(settings(), training_);
    for (const at::Tensor& parameter : tuner.parameters()) parameter.mutable_grad() = at::Tensor();
    const auto rows = batches.rows(step);
    const auto losses = tuner.accumulate(rows, batches.negatives(step, rows));
    ASSERT_TRUE(losses);
    EXPECT_NEAR(losses->total, wanted.at("loss").get<double>(), 1e-4);
    EXPECT_NEAR(losses->reward, wanted.at("reward_loss").get<double>(), 1e-4);
    EXPECT_NEAR(losses->state, wanted.at("state_loss").get<double>(), 1e-4);
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : tuner.parameters()) gradients.push_back(parameter.grad());
    expect_near(gradients, wanted.at("gradients"));
  }

  const TrainingData training_ = training_of(users());
};

TEST_P(Golden, LossesAndGradientsAreThoseOfPyTorch) {
  Tuner tuner(settings(), folder_, training_, at::kCPU);
  expect_near(tuner.parameters(), due().at("start"));
  expect_step(tuner, 0, due().at("first"));
  const auto all = names();
  {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < all.size(); ++i) {
      const at::Tensor& parameter = tuner.parameters()[i];
      parameter.copy_(lm::floats(due().at("parameters").at(all[i]), parameter.sizes()));
    }
  }
  expect_step(tuner, golden().at("steps"), due().at("next"));
}

TEST_P(Golden, TrainingStatesAndRewardsAreThoseOfPyTorch) {
  const auto tuned = tune(
      settings(), folder_, training_, training_of({}), folder_, at::kCPU,
      [](int64_t, int64_t) { return false; }, [](const std::string&) {});
  ASSERT_TRUE(tuned);
  EXPECT_EQ(tuned->steps, 3);
  EXPECT_FALSE(tuned->diverged);

  const auto open = open_language_model(settings(), at::kCPU);
  const lm::Adapter adapter = lm::Adapter::load(path(kAdapterFolder), open->decoder);
  const ScoreHead head = read_head(folder_, 16, at::kCPU);
  std::vector<at::Tensor> parameters = adapter.parameters();
  parameters.push_back(head.weight);
  if (settings().head_bias) parameters.push_back(head.bias);
  expect_near(parameters, due().at("parameters"), /*trained=*/true);

  const EnvironmentModel model(settings(), folder_, at::kCPU);
  std::vector<EnvironmentModel::Question> questions;
  for (const auto& items : users()) {
    EnvironmentModel::Question question{items, {}, {}, true};
    for (int64_t end = 1; end <= std::ssize(items); ++end) {
      question.ends.push_back(end);
      question.actions.push_back({1, 6, 12});
    }
    questions.push_back(question);
  }
  std::vector<at::Tensor> states, rewards;
  for (const auto& answer : model.ask(questions, training_.history)) {
    states.push_back(answer.states);
    rewards.push_back(answer.rewards);
  }
  EXPECT_LE(lm::distance(at::cat(states), lm::floats(due().at("states"), {-1, 16})), 1e-4);
  at::Tensor wanted = lm::floats(due().at("rewards"), {-1});
  if (settings().head_bias)
    wanted += head.bias - lm::floats(due().at("parameters").at("head.bias"), {1});
  EXPECT_LE(lm::distance(at::cat(rewards), wanted), 1e-4);
}

TEST_P(Golden, LogitsOfTheLabelsAreThoseOfPyTorch) {
  ASSERT_TRUE(tune(
      settings(), folder_, training_, training_of({}), folder_, at::kCPU,
      [](int64_t, int64_t) { return false; }, [](const std::string&) {}));
  const EnvironmentModel model(settings(), folder_, at::kCPU);
  Sequences histories;
  for (const auto& items : users())
    histories.emplace_back(items.end() - std::min(std::ssize(items), training_.history),
                           items.end());
  const at::Tensor scores = model.label_scores(histories, golden().at("lists").get<Sequences>());
  EXPECT_LE(lm::distance(scores, lm::floats(due().at("label_logits"), {6, 5})), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Each, Golden,
                         testing::Values("paper", "user", "hoisted", "difference", "mean",
                                         "hoisted_mean"),
                         [](const auto& info) { return std::string(info.param); });

class Training : public ScratchTest {
 protected:
  Training() { write_item_tokens(folder_); }

  // Trains in a folder of this name. `stops`: after so many calls of stop() it is to leave; it is
  // called again until it ends.
  std::optional<Tuned> train(const Settings& settings, const std::string& name, int64_t stops = 0,
                             int* interruptions = nullptr) {
    std::filesystem::create_directories(path(name));
    while (true) {
      int64_t left = stops;
      const auto tuned = tune(
          settings, folder_, part_, rest_, path(name), at::kCPU,
          [&](int64_t done, int64_t total) {
            EXPECT_LE(done, total);
            return stops > 0 && --left == 0;
          },
          [&](const std::string& warning) { warnings_.push_back(warning); });
      if (tuned) return tuned;
      if (interruptions) ++*interruptions;
    }
  }
  std::map<std::string, std::string> files(const std::string& name) const {
    return files_in(path(name));
  }

  TrainingData part_ = training_of(users());
  TrainingData rest_ = training_of({{5, 6, 7}, {9, 10, 11, 12, 1, 3}, {4, 8}});
  std::vector<std::string> warnings_;
};

TEST_F(Training, EndsWithTheSameBytesAfterTwentyInterruptions) {
  for (const char* keep : {"last", "best"}) {
    const Settings settings = tiny_settings({{"order", "hoisted"},
                                             {"batch_of", "sequences"},
                                             {"batch_size", 2},
                                             {"steps", 30},
                                             {"dropout", 0.2},
                                             {"learning_rate", 0.01},
                                             {"clip", 1.0},
                                             {"keep", keep}});
    const std::string whole = std::string("whole ") + keep, parts = std::string("parts ") + keep;
    int interruptions = 0;
    const auto once = train(settings, whole);
    // Each attempt has room for a validation and a step or two.
    const auto often = train(settings, parts, 4, &interruptions);
    EXPECT_GE(interruptions, 20);
    EXPECT_EQ(files(parts), files(whole));
    EXPECT_EQ(files(whole).size(), 4U);  // config, adapter, head, figures; no checkpoint is left
    EXPECT_EQ(often->figures, once->figures);
    EXPECT_EQ(once->steps, 30);
  }
}

TEST_F(Training, IsNotRepeatedWhenItWasKilledAfterItsEnd) {
  const Settings settings =
      tiny_settings({{"order", "hoisted"}, {"batch_of", "sequences"}, {"steps", 20}});
  const auto once = train(settings, "ended");
  const auto due = files("ended");
  // Also when the checkpoint was not removed yet, which is not read any more.
  for (const bool checkpoint : {false, true}) {
    if (checkpoint) std::ofstream(path("ended/tuning.safetensors")) << "a checkpoint";
    int64_t asked = 0;
    const auto again = tune(
        settings, path("no tokens"), part_, rest_, path("ended"), at::kCPU,
        [&](int64_t, int64_t) { return ++asked > 0; }, [](const std::string&) {});
    ASSERT_TRUE(again);
    EXPECT_EQ(asked, 0) << "no step was taken";
    EXPECT_EQ(again->steps, once->steps);
    EXPECT_EQ(again->diverged, once->diverged);
    EXPECT_EQ(again->figures, once->figures);
    EXPECT_EQ(files("ended"), due);
  }
}

TEST_F(Training, LearnsWhatComesNext) {
  const Settings settings = tiny_settings({{"order", "hoisted"},
                                           {"batch_of", "sequences"},
                                           {"batch_size", 6},
                                           {"steps", 60},
                                           {"negatives", 2},
                                           {"learning_rate", 0.01}});
  const auto tuned = train(settings, "trained");
  EXPECT_LT(tuned->figures.at("reward_loss"), 0.5);
  EXPECT_GT(tuned->figures.at("validation_accuracy"), 0);
  EXPECT_TRUE(tuned->figures.contains("validation_state_accuracy"));
  EXPECT_FALSE(tuned->diverged);
}

TEST_F(Training, KeepsTheStateBeforeItDiverged) {
  for (const double rate : {10.0, 1e30}) {
    warnings_.clear();
    const Settings settings = tiny_settings({{"order", "hoisted"},
                                             {"batch_of", "sequences"},
                                             {"batch_size", 2},
                                             {"steps", 100},
                                             {"learning_rate", rate}});
    const std::string name = "rate " + std::to_string(rate);
    const auto tuned = train(settings, name);
    EXPECT_TRUE(tuned->diverged) << rate;
    EXPECT_LT(tuned->steps, 100);
    ASSERT_FALSE(warnings_.empty());
    EXPECT_THAT(warnings_[0], HasSubstr("the training of the adapter diverged at step "));
    EXPECT_THAT(warnings_[0], HasSubstr("State a lower `learning_rate`"));
    // Nothing good was reached, so what is left is the start: B is 0.
    const auto open = open_language_model(settings, at::kCPU);
    const lm::Adapter adapter = lm::Adapter::load(path(name + "/" + kAdapterFolder), open->decoder);
    EXPECT_EQ(number(adapter.parameters()[1].abs().max()), 0);
    EXPECT_TRUE(std::isfinite(tuned->figures.at("validation_accuracy")));

    int interruptions = 0;
    EXPECT_EQ(train(settings, name + " in parts", 3, &interruptions)->figures, tuned->figures);
    EXPECT_EQ(files(name + " in parts"), files(name));
  }
}

TEST_F(Training, DifferentiatesTheSumOverRowsAndReportsTheMean) {
  // The loss and the gradient of the score head.
  const auto of = [&](const char* reduction) {
    const Settings settings = tiny_settings({{"order", "hoisted"},
                                             {"batch_size", 5},
                                             {"state_weight", 0.0},
                                             {"reward_reduction", reduction}});
    Tuner tuner(settings, folder_, part_, at::kCPU);
    TuningBatches batches(settings, part_);
    const auto rows = batches.rows(0);
    EXPECT_EQ(rows.size(), 5U);
    const auto losses = tuner.accumulate(rows, batches.negatives(0, rows));
    return std::pair(losses->total, tuner.parameters().back().grad().clone());
  };
  const auto [mean, of_mean] = of("mean");
  const auto [sum, of_sum] = of("sum");
  EXPECT_EQ(sum, mean);
  EXPECT_GT(number(of_mean.abs().max()), 0);
  EXPECT_LE(lm::distance(of_sum, 5 * of_mean), 1e-5);
}

TEST_F(Training, TakesNoStepWhenNoneIsAsked) {
  const auto tuned = train(tiny_settings({{"epochs", 0}}), "untrained");
  EXPECT_EQ(tuned->steps, 0);
  EXPECT_FALSE(tuned->figures.contains("loss"));
  EXPECT_TRUE(tuned->figures.contains("validation_accuracy"));
}

TEST_F(Training, RefusesSettingsThatContradictEachOther) {
  const auto refusal = [&](const Settings& settings) -> std::string {
    try {
      train(settings, "refused");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(tiny_settings({{"reward_weight", 0.0}, {"state_weight", 0.0}})),
              HasSubstr("there is nothing to learn"));
  EXPECT_THAT(refusal(tiny_settings({{"targets", " "}})),
              HasSubstr("le: targets: names no module"));
  EXPECT_THAT(refusal(tiny_settings({{"targets", "q_proj v_porj"}})),
              HasSubstr("le: targets: the model has no module `v_porj`, did you mean `v_proj`? "
                        "(there are: down_proj, gate_proj, k_proj, lm_head, o_proj, q_proj, "
                        "up_proj, v_proj)"));
  for (const Sequences& without : {Sequences{}, Sequences{{5}, {6}}}) {
    rest_ = training_of(without);
    EXPECT_THAT(refusal(tiny_settings({{"keep", "best"}})),
                HasSubstr("le: keep: `best` needs training sequences outside of the portion"));
  }
}

TEST_F(Training, WarnsWhenNoEventHadANegativeForStates) {
  const Settings settings = tiny_settings({{"order", "hoisted"}, {"batch_size", 3}, {"steps", 20}});
  const auto warning = testing::Contains(
      HasSubstr("no event of the training had a negative for L_sm, so the adapter was trained by "
                "L_rm alone, as with `state_weight: 0`. "));
  train(settings, "of several");
  EXPECT_THAT(warnings_, testing::Not(warning));
  part_ = training_of({{1, 2, 3, 4}});
  train(settings, "of one");
  EXPECT_THAT(warnings_, warning);
}

// Its states are all alike, whatever it is taught.
class Collapsed final : public Learner {
 public:
  const std::vector<at::Tensor>& parameters() const override { return parameters_; }
  std::optional<TuningLosses> accumulate(const std::vector<TuningRow>&, const at::Tensor&,
                                         const std::function<bool()>&) override {
    parameters_[0].mutable_grad() = at::zeros({1});
    return TuningLosses{1, 0.5, 0.5};
  }
  std::optional<TuningValidation> validate(const TrainingData&,
                                           const std::function<bool()>&) const override {
    return TuningValidation{0.75, 0.5, 0.95};
  }
  void save(const std::string&) const override {}

 private:
  std::vector<at::Tensor> parameters_ = {at::zeros({1}).requires_grad_()};
};

TEST_F(Training, WarnsOfStatesThatHaveCollapsed) {
  const auto tuned = train_environment(
      tiny_settings({{"steps", 3}}), part_, rest_, folder_,
      [] { return std::make_unique<Collapsed>(); }, [](int64_t, int64_t) { return false; },
      [&](const std::string& warning) { warnings_.push_back(warning); });
  ASSERT_TRUE(tuned);
  EXPECT_EQ(tuned->figures.at("state_cosine"), 0.95);
  EXPECT_THAT(warnings_, testing::ElementsAre(
                             "the states of different histories are nearly equal: the mean cosine "
                             "of random pairs is 0.95. They tell the recommender little. "
                             "`state_loss: softmax` with a `state_scale` below 1 keeps states "
                             "apart"));
}

TEST_F(Training, RefusesTokensOfOtherItems) {
  write_tensors(path(kTokensFile), {{"tokens", at::zeros({11, 16})}});
  EXPECT_EQ(
      message_of([&] { train(tiny_settings(), "refused"); }),
      path(kTokensFile) + ": has 11 items, but the data has 12. The artefact must be made anew");
}

}  // namespace
}  // namespace lea::le
