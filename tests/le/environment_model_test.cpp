// What the language model answers in passes is what each prompt gives alone.
#include "plugins/le/environment_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "plugins/le/passes.h"
#include "plugins/le/reward_noise.h"
#include "tests/base/scratch.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

using testing::HasSubstr;

constexpr int64_t kWindow = 4;

const std::map<std::string, nlohmann::json>& ways() {
  static const std::map<std::string, nlohmann::json> all = {
      {"paper", {{"order", "paper"}}},
      {"paper_with_begin", {{"order", "paper"}, {"begin_token", true}}},
      {"state_in_the_user_prompt", {{"order", "paper"}, {"state_prompt", "user"}}},
      {"hoisted", {{"order", "hoisted"}}},
      {"titles", {{"order", "paper"}, {"items", "titles"}}},
      {"hoisted_titles", {{"order", "hoisted"}, {"items", "titles"}}},
      {"mean", {{"order", "paper"}, {"hidden_state", "mean"}}},
      {"hoisted_mean", {{"order", "hoisted"}, {"hidden_state", "mean"}}}};
  return all;
}

std::vector<std::string> names_of_ways() {
  std::vector<std::string> names;
  for (const auto& [name, settings] : ways()) names.push_back(name);
  return names;
}

// Sequences that are shorter and longer than the window, with their empty history and their end.
std::vector<EnvironmentModel::Question> questions(bool states) {
  std::vector<EnvironmentModel::Question> all;
  for (const auto& items : users()) {
    EnvironmentModel::Question question{items, {}, {}, states};
    for (int64_t end = 0; end <= std::ssize(items); ++end) {
      question.ends.push_back(end);
      question.actions.push_back({1 + end, 12, 1 + end});
    }
    all.push_back(question);
  }
  return all;
}

// A model whose adapter and head are random, and changes every weight that it may.
class Model : public ScratchTest {
 protected:
  void open(const nlohmann::json& more) {
    settings_ = tiny_settings(more);
    write_item_tokens(folder_);
    std::vector<std::string> titles;
    for (int i = 1; i <= 12; ++i) titles.push_back(i % 3 ? "red lamp" : "oak table of chair");
    publish_file(path(kTitlesFile), nlohmann::json(titles).dump());
    own_ = open_language_model(settings_, at::kCPU);
    at::manual_seed(1);
    lm::AdapterConfig config;
    config.targets = {"q_proj", "v_proj", "gate_proj"};
    const lm::Adapter adapter = lm::Adapter::make(config, own_->decoder);
    for (const at::Tensor& parameter : adapter.parameters()) parameter.detach().normal_(0, 0.2);
    adapter.save(path(kAdapterFolder));
    adapter.attach(own_->decoder);
    head_ = {at::randn({16}), at::full({1}, 0.25)};
    write_tensors(path(kHeadFile), {{"weight", head_.weight}, {"bias", head_.bias}});
    model_ = std::make_unique<EnvironmentModel>(settings_, folder_, at::kCPU);
  }

  // The last hidden state of one prompt, [1, D].
  at::Tensor last_of(const Ids& prompt) const {
    const at::NoGradGuard no_grad;
    lm::Forest forest;
    forest.read(forest.add(lm::Forest::kStart, prompt));
    return lm::hidden_states(own_->decoder, forest, item_tokens());
  }
  // What a state or a reward reads of one prompt, [1, D].
  at::Tensor alone(const Ids& prompt) const {
    if (settings_.hidden_state == "last") return last_of(prompt);
    const at::NoGradGuard no_grad;
    lm::Forest forest;
    const int64_t last = forest.add(lm::Forest::kStart, prompt);
    for (int64_t row = 0; row <= last; ++row) forest.read(row);
    return lm::hidden_states(own_->decoder, forest, item_tokens()).mean(0, /*keepdim=*/true);
  }

  void expect_what_each_prompt_gives_alone() const {
    const auto asked = questions(/*states=*/true);
    const auto answers = model_->ask(asked, kWindow);
    ASSERT_EQ(answers.size(), asked.size());
    for (size_t q = 0; q < asked.size(); ++q) {
      std::vector<at::Tensor> states, rewards;
      for (size_t i = 0; i < asked[q].ends.size(); ++i) {
        const auto before = history(asked[q].items, asked[q].ends[i]);
        states.push_back(before.empty() ? at::zeros({1, 16})
                                        : alone(model_->prompts().state_prompt(before)));
        for (const int64_t item : asked[q].actions[i]) {
          rewards.push_back(before.empty()
                                ? at::zeros({1})
                                : head_(alone(model_->prompts().reward_prompt(before, item))));
        }
      }
      EXPECT_LE(lm::distance(answers[q].states, at::cat(states)), 1e-5) << "question " << q;
      EXPECT_LE(lm::distance(answers[q].rewards, at::cat(rewards)), 1e-5) << "question " << q;
    }
  }
  // The logits of the labels after the selection prompts.
  void expect_the_logits_of_the_labels() const {
    const Sequences histories = {{1, 2, 3}, {4}, {5, 6, 7, 8}, {1, 2, 3}};
    const Sequences lists = {{4, 5, 6, 7, 8}, {1, 2, 3}, {9, 10, 11, 12, 1}, {8, 7, 6, 5, 4}};
    const at::Tensor scores = model_->label_scores(histories, lists);
    ASSERT_EQ(scores.sizes(), (std::vector<int64_t>{4, 5}));
    ASSERT_EQ(scores.scalar_type(), at::kFloat);
    for (size_t i = 0; i < lists.size(); ++i) {
      const at::Tensor logits =
          own_->decoder.logits(last_of(model_->selections().prompt(histories[i], lists[i])),
                               at::tensor(model_->selections().labels(), at::kLong));
      const auto count = std::ssize(lists[i]);
      const at::Tensor found = scores[static_cast<int64_t>(i)];
      EXPECT_LE(lm::distance(found.narrow(0, 0, count), logits.view(-1).narrow(0, 0, count)), 1e-5)
          << i;
      EXPECT_TRUE(found.narrow(0, count, 5 - count).eq(-INFINITY).all().item<bool>()) << i;
    }
    EXPECT_LE(lm::distance(model_->label_scores({histories[2]}, {lists[2]})[0], scores[2]), 1e-5);
  }

  static std::vector<int64_t> history(const std::vector<int64_t>& items, int64_t end) {
    return {items.begin() + std::max<int64_t>(0, end - kWindow), items.begin() + end};
  }

  Settings settings_;
  std::unique_ptr<OpenModel> own_;  // with the adapter beside the weights
  ScoreHead head_;
  std::unique_ptr<EnvironmentModel> model_;
};

class EachWay : public Model, public testing::WithParamInterface<std::string> {
 protected:
  EachWay() { open(ways().at(GetParam())); }
};

TEST_P(EachWay, AnswersWhatEachPromptGivesAlone) { expect_what_each_prompt_gives_alone(); }

TEST_P(EachWay, AnswersStatesAndRewardsByThemselves) {
  const auto both = model_->ask(questions(true), kWindow);
  auto asked = questions(true);
  for (auto& question : asked) question.actions.clear();
  const auto states = model_->ask(asked, kWindow);
  const auto rewards = model_->ask(questions(false), kWindow);
  for (size_t q = 0; q < both.size(); ++q) {
    EXPECT_LE(lm::distance(states[q].states, both[q].states), 1e-5);
    EXPECT_EQ(states[q].rewards.numel(), 0);
    EXPECT_LE(lm::distance(rewards[q].rewards, both[q].rewards), 1e-5);
    EXPECT_EQ(rewards[q].states.abs().sum().item<float>(), 0);
  }
}

TEST_P(EachWay, AnswersAQuestionAloneAsAmongOthers) {
  const auto asked = questions(true);
  const auto together = model_->ask(asked, kWindow);
  const auto alone = model_->ask({asked[0]}, kWindow);
  EXPECT_LE(lm::distance(alone[0].states, together[0].states), 1e-5);
  EXPECT_LE(lm::distance(alone[0].rewards, together[0].rewards), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Each, EachWay, testing::ValuesIn(names_of_ways()),
                         [](const auto& info) { return info.param; });

// The tiny models of these families with the tokenizer and the vocabulary of tests/golden/le/model.
// Mistral attends to the last four positions alone.
class EachFamily : public Model,
                   public testing::WithParamInterface<std::tuple<const char*, std::string>> {
 protected:
  EachFamily() {
    const auto& [family, way] = GetParam();
    const std::string from = lm::tiny_folder(family), to = path("model");
    std::filesystem::create_directories(to);
    std::filesystem::copy(LEA_SOURCE_DIR "/tests/golden/le/model/tokenizer.json", to);
    const lm::Config config = lm::read_config(from);
    const lm::Weights weights(from);
    at::manual_seed(2);
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, shape] : lm::weight_shapes(config)) {
      const bool of_words = name == "lm_head.weight" || name == "model.embed_tokens.weight";
      tensors[name] = of_words ? 0.15 * at::randn({kVocabulary, config.width})
                               : weights.get(name, shape).to(at::kFloat);
    }
    write_tensors(to + "/model.safetensors", tensors);
    auto document = *read_json(from + "/config.json");
    document["vocab_size"] = kVocabulary;
    document["max_position_embeddings"] = 256;
    publish_file(to + "/config.json", document.dump());
    nlohmann::json settings = ways().at(way);
    settings["model"] = to;
    open(settings);
  }
  static constexpr int64_t kVocabulary = 400;
};

TEST_P(EachFamily, AnswersWhatEachPromptGivesAlone) {
  EXPECT_EQ(own_->decoder.config().family,
            lm::read_config(lm::tiny_folder(std::get<0>(GetParam()))).family);
  expect_what_each_prompt_gives_alone();
}

TEST_P(EachFamily, ScoresTheLabelsAsEachPromptGivesAlone) { expect_the_logits_of_the_labels(); }

INSTANTIATE_TEST_SUITE_P(Each, EachFamily,
                         testing::Combine(testing::Values("mistral", "llama2_old"),
                                          testing::ValuesIn(names_of_ways())),
                         [](const auto& info) {
                           return std::get<0>(info.param) + ("_" + std::get<1>(info.param));
                         });

class Passes : public Model {};

TEST_F(Passes, HaveLimitedRowsAndReadEverythingOnce) {
  open({{"order", "paper"}});
  std::vector<Chain> chains;
  for (int64_t s = 0; s < 40; ++s) {
    std::vector<Wanted> wanted;
    for (int64_t end = 1; end <= 9; ++end)
      wanted.push_back({end, s * 9 + end - 1, {1, 2, 3}, 3 * (s * 9 + end - 1)});
    add_chains(model_->prompts(), std::vector<int64_t>(9, 1 + s % 12), wanted, kWindow,
               /*together=*/true, &chains);
  }
  const int64_t longest = model_->prompts().longest(kWindow);
  std::multiset<int64_t> states, rewards;
  int64_t passes = 0;
  EXPECT_TRUE(for_each_pass(model_->prompts(), chains, [&](const Pass& pass) {
    EXPECT_LT(pass.forest.rows(), kRowsOfPass + 3 * longest);
    // The rewards of one history stand together.
    EXPECT_EQ(pass.rewards.size() % 3, 0U);
    for (size_t i = 0; i < pass.rewards.size(); ++i)
      EXPECT_EQ(pass.rewards[i], pass.rewards[i / 3 * 3] + static_cast<int64_t>(i % 3));
    states.insert(pass.states.begin(), pass.states.end());
    rewards.insert(pass.rewards.begin(), pass.rewards.end());
    ++passes;
    return true;
  }));
  EXPECT_GT(passes, 3);
  EXPECT_EQ(states.size(), 360U);
  EXPECT_EQ(std::set<int64_t>(states.begin(), states.end()).size(), 360U);
  EXPECT_EQ(rewards.size(), 1080U);
  EXPECT_EQ(std::set<int64_t>(rewards.begin(), rewards.end()).size(), 1080U);
}

TEST_F(Passes, ShareOneChainUpToTheWindow) {
  open({{"order", "hoisted"}});
  std::vector<Chain> chains;
  add_chains(model_->prompts(), {1, 2, 3, 4, 5, 6}, {{2, 0}, {4, 1}, {5, 2}, {6, 3}}, kWindow,
             /*together=*/false, &chains);
  ASSERT_EQ(chains.size(), 3U);
  EXPECT_EQ(chains[0].items, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(chains[0].reads.size(), 2U);
  EXPECT_EQ(chains[1].items, (std::vector<int64_t>{2, 3, 4, 5}));
  EXPECT_EQ(chains[2].items, (std::vector<int64_t>{3, 4, 5, 6}));
}

TEST_F(Passes, AreEstimatedWell) {
  for (const auto& [name, way] : ways()) {
    if (way.contains("items")) continue;  // titles have several lengths
    open(way);
    std::vector<Wanted> wanted;
    for (int64_t end = 1; end <= 6; ++end) wanted.push_back({end, end, {3, 4}, 2 * end});
    std::vector<Chain> chains;
    for (int i = 0; i < 20; ++i)
      add_chains(model_->prompts(), {1, 2, 3, 4, 5, 6}, wanted, kWindow, false, &chains);
    double rows = 0;
    for_each_pass(model_->prompts(), chains, [&](const Pass& pass) {
      rows += static_cast<double>(pass.forest.rows());
      return true;
    });
    const double estimate =
        20 * estimated_rows(model_->prompts(), rows_of_parts(model_->prompts()), wanted, kWindow);
    EXPECT_NEAR(estimate / rows, 1, 0.1) << name;
  }
}

TEST_F(Passes, EndWhenTheCallerLeaves) {
  open({{"order", "paper"}});
  int asked = 0;
  const std::vector<EnvironmentModel::Question> many(30, questions(true)[0]);
  EXPECT_TRUE(model_->ask(many, kWindow, [&] { return ++asked == 2; }).empty());
  EXPECT_EQ(asked, 2);
}

class Selection : public Model {};

TEST_F(Selection, HasTheLogitsOfTheLabels) {
  open({{"order", "paper"}});
  expect_the_logits_of_the_labels();
}

TEST_F(Selection, FindsAllCandidatesEqualAfterAnEmptyHistory) {
  open({{"order", "paper"}});
  const Sequences histories = {{}, {1}, {}}, lists = {{1, 2, 3}, {}, {4}};
  const at::Tensor scores = model_->label_scores(histories, lists);
  EXPECT_TRUE(scores[0].equal(at::zeros({3})));
  EXPECT_TRUE(scores[1].eq(-INFINITY).all().item<bool>());
  EXPECT_TRUE(scores[2].equal(at::tensor({0.0F, -INFINITY, -INFINITY})));
}

TEST_F(Selection, NeedsLabelsOnlyToChoose) {
  open({{"order", "paper"}, {"labels", "no label|nor this"}});
  EXPECT_EQ(model_->ask({questions(true)[0]}, kWindow).size(), 1U);
  const Sequences histories = {{1}}, lists = {{2, 3}};
  EXPECT_THROW(model_->label_scores(histories, lists), ConfigError);
}

class Damage : public Model {
 protected:
  std::string refusal() {
    try {
      EnvironmentModel(settings_, folder_, at::kCPU);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Damage, IsReportedWithTheFile) {
  open({{"order", "paper"}});
  write_tensors(path(kHeadFile), {{"weight", at::zeros({15})}, {"bias", at::zeros({1})}});
  EXPECT_THAT(refusal(), HasSubstr(path(kHeadFile) + ": weight has another shape"));
  std::filesystem::remove(path(kHeadFile));
  EXPECT_THAT(refusal(), HasSubstr(path(kHeadFile) + ": is missing"));
  write_tensors(path(kTokensFile), {{"tokens", at::full({12, 16}, NAN)}});
  EXPECT_THAT(refusal(), HasSubstr("not finite"));
}

TEST_F(Damage, OfTitlesIsReported) {
  open({{"order", "paper"}, {"items", "titles"}});
  publish_file(path(kTitlesFile), "[\"one\"]");
  EXPECT_THAT(refusal(), HasSubstr("must be a list of 12 texts"));
}

TEST(OpenLanguageModel, DrawsRandomWeightsFromTheSeed) {
  Settings settings = tiny_settings({{"weights", "random"}});
  const auto weight = [&] {
    return open_language_model(settings, at::kCPU)->decoder.head().weight.clone();
  };
  const at::Tensor first = weight();
  EXPECT_TRUE(at::equal(weight(), first));
  settings.seed = 2;
  EXPECT_FALSE(at::equal(weight(), first));
  settings.weights = "trained";
  EXPECT_FALSE(at::equal(weight(), first));
}

TEST(NeedOfModel, CountsTheCopiesThatPurposeTypeAndDrawnWeightsMake) {
  const lm::Weights weights(tiny_settings().model);
  const lm::Config config = lm::read_config(tiny_settings().model);
  const auto copied = [&](Purpose purpose, const nlohmann::json& more = nlohmann::json::object()) {
    return need_of_model(tiny_settings(more), config, weights, purpose).copied;
  };
  EXPECT_EQ(copied(Purpose::kTokens), 0U) << "the weights are mapped";
  EXPECT_EQ(copied(Purpose::kTrain), 0U);
  // Two layers, 16 wide, with 4 heads and 2 of keys: q and o are 16 x 16, k and v are 8 x 16.
  EXPECT_EQ(copied(Purpose::kAsk), 4U * 2 * (256 + 256 + 128 + 128)) << "merged";
  EXPECT_EQ(copied(Purpose::kAsk, {{"targets", "k_proj"}}), 4U * 2 * 128);
  EXPECT_EQ(copied(Purpose::kAsk, {{"targets", "lm_head"}}), 4U * 400 * 16) << "a tied head";
  for (const Purpose purpose : {Purpose::kTokens, Purpose::kAsk, Purpose::kTrain}) {
    EXPECT_EQ(copied(purpose, {{"dtype", "bfloat16"}}), weights.bytes() / 2);
    EXPECT_EQ(copied(purpose, {{"weights", "random"}}), weights.bytes());
  }
}

TEST(NeedOfModel, IsLessForShorterPromptsAndForTokensThatAreNotLearned) {
  const lm::Weights weights(tiny_settings().model);
  lm::Config config = lm::read_config(tiny_settings().model);
  config.vocabulary = 16;  // beside so narrow layers the logits of 400 tokens would be the most
  const auto working = [&](Purpose purpose, int64_t longest, int64_t iterations = 1) {
    const Settings settings = tiny_settings({{"token_iterations", iterations}});
    return need_of_model(settings, config, weights, purpose, longest).working;
  };
  for (const Purpose purpose : {Purpose::kTokens, Purpose::kTrain})
    EXPECT_LT(working(purpose, 10), working(purpose, 100));
  EXPECT_LT(working(Purpose::kTokens, 100, 0), working(Purpose::kTokens, 100));
}

class TooLarge : public ScratchTest {};

TEST_F(TooLarge, IsReportedBeforeTheWeightsAreRead) {
  const Settings fits = tiny_settings();
  std::filesystem::copy(fits.model, path("model"));
  auto config = *read_json(path("model/config.json"));
  config["intermediate_size"] = 1 << 24;  // a pass of it would take more than 60 gigabytes
  std::ofstream(path("model/config.json")) << config.dump();
  Settings settings = fits;
  settings.model = path("model");
  for (const Purpose purpose : {Purpose::kTokens, Purpose::kAsk, Purpose::kTrain}) {
    try {
      open_language_model(settings, at::kCPU, purpose);
      ADD_FAILURE() << "it was opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Exit::kEnvironment);
      EXPECT_THAT(error.what(), testing::ContainsRegex("needs [0-9]+ MiB as float32 .* are "
                                                       "available. Free some, or name a smaller "
                                                       "model."));
    }
  }
}

// The rewards of all events for the logged item and two others, as a table has them. Rows of empty
// histories hold what is no reward.
at::Tensor rewards_of(const EnvironmentModel& model, const TrainingData& training,
                      const at::Tensor& pool) {
  const at::Tensor table = at::full({training.events(), 3}, 1000.0, at::kFloat);
  int64_t event = 0;
  for (const auto& items : users()) {
    for (int64_t end = 0; end < std::ssize(items); ++end, ++event) {
      if (end == 0) continue;
      const int64_t* other = pool.const_data_ptr<int64_t>() + 2 * event;
      const std::vector<int64_t> actions = {items[static_cast<size_t>(end)], other[0], other[1]};
      table[event].copy_(model.ask({{items, {end}, {actions}}}, kWindow)[0].rewards);
    }
  }
  return table;
}

TEST_F(Model, ItsNoiseIsTheSpreadOfARewardThatIsAskedTwice) {
  open({{"order", "hoisted"}});
  const TrainingData training = training_of(users());
  const at::Tensor pool = at::arange(2 * training.events(), at::kLong)
                              .remainder(12)
                              .add(1)
                              .view({training.events(), 2});
  const at::Tensor rewards = rewards_of(*model_, training, pool);
  const auto exact = reward_noise(*model_, training, pool, rewards);
  ASSERT_TRUE(exact.has_value());
  EXPECT_LT(*exact, 1e-5);
  // 0.3 more for the logged item, 0.3 less for the first of the pool; the second is not asked.
  const at::Tensor other = rewards + at::tensor({0.3, -0.3, 50.0}).to(at::kFloat);
  const auto noise = reward_noise(*model_, training, pool, other);
  ASSERT_TRUE(noise.has_value());
  EXPECT_NEAR(*noise, 0.3 / std::sqrt(2.0), 1e-4);
  EXPECT_EQ(reward_noise(*model_, training, pool, rewards, [] { return true; }), std::nullopt);
}

TEST_F(Model, HasNoNoiseWithoutHistories) {
  open({{"order", "hoisted"}});
  EXPECT_EQ(reward_noise(*model_, training_of({{3}, {7}}), {}, at::ones({2, 1})), 0.0);
}

}  // namespace
}  // namespace lea::le
