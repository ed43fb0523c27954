// The augmenter lea.le: what it asks of its environment, and what it proposes.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "core/api/table.h"
#include "core/base/error.h"
#include "plugins/le/environment.h"
#include "plugins/tuning/tables.h"
#include "tests/api/host.h"
#include "tests/base/scratch.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

using lea::testing::load_plugin;
using ::testing::HasSubstr;

// An environment with a reward for each item.
class Likes : public Environment {
 public:
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>&) override {
    const Tensor rewards = at::empty(actions.sizes(), at::kFloat);
    for (int64_t row = 0; row < actions.size(0); ++row) {
      for (int64_t k = 0; k < actions.size(1); ++k)
        rewards[row][k] = liking(actions[row][k].item<int64_t>());
    }
    return rewards;
  }
  std::function<double(int64_t item)> liking = [](int64_t item) { return double(item); };
};

// One that chooses by the place in the list: the later, the better.
class LikesLastPlaces final : public Likes, public Chooser {
 public:
  int64_t longest_list() const override { return 5; }
  Tensor list_scores(const History&, const Tensor& lists) override {
    given = lists.clone();
    return at::arange(lists.size(1), at::kFloat)
        .expand(lists.sizes())
        .masked_fill(lists.eq(0), -INFINITY);
  }
  Tensor state_scores(const History& history, const Tensor& items) override {
    return reward(history, items, {});
  }
  Tensor given;
};

class AugmenterContext final : public lea::testing::TestContext {
 public:
  std::shared_ptr<Environment> environment(const std::string&) const override { return inner; }
  std::string artefact(const std::string& kind) const override { return folders.at(kind); }
  int64_t candidates() const override { return count; }
  std::shared_ptr<Environment> inner;
  std::map<std::string, std::string> folders;
  int64_t count = 5;
};

class AugmenterTest : public ScratchTest {
 protected:
  AugmenterTest() {
    context_.data = training_of(users());
    context_.item_count = context_.data.items;
    context_.positions = context_.data.history;
  }

  std::shared_ptr<Augmenter> augmenter(ParamValues values) const {
    values["of"] = std::string(R"({"id": "toy.environment", "params": {}})");
    return load_plugin("le", "augmenter").augmenter(values, context_);
  }
  // What is proposed at one event.
  int64_t propose(const ParamValues& values, int64_t event,
                  const std::vector<int64_t>& candidates) const {
    return augmenter(values)->propose(history(event), row(candidates)).item<int64_t>();
  }
  std::vector<int64_t> list(const ParamValues& values, int64_t event,
                            const std::vector<int64_t>& candidates) const {
    const auto made = augmenter(values);
    const Tensor read =
        dynamic_cast<ListReader&>(*made).lists(history(event), row(candidates)).contiguous();
    return {read.const_data_ptr<int64_t>(), read.const_data_ptr<int64_t>() + read.numel()};
  }
  std::string refusal(const ParamValues& values) const {
    try {
      augmenter(values);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing was refused";
  }
  History history(int64_t event) const {
    return context_.data.histories(at::full({1}, event, at::kLong));
  }
  History all_events() const {
    return context_.data.histories(at::arange(context_.data.events(), at::kLong));
  }
  // Five items for each event, each another one.
  Tensor all_candidates() const {
    const Tensor event = at::arange(context_.data.events(), at::kLong).unsqueeze(1);
    return (event + at::arange(5, at::kLong) * 2) % 12 + 1;
  }
  static Tensor row(const std::vector<int64_t>& items) {
    return at::tensor(items, at::kLong).unsqueeze(0);
  }

  // An environment of the tiny model with a random adapter and random states.
  std::shared_ptr<LanguageEnvironment> language_environment(const Settings& settings) {
    if (!std::filesystem::exists(path(kHeadFile))) {
      write_item_tokens(folder_);
      const auto own = open_language_model(tiny_settings(), at::kCPU);
      at::manual_seed(1);
      lm::AdapterConfig config;
      config.targets = {"q_proj", "v_proj"};
      const lm::Adapter adapter = lm::Adapter::make(config, own->decoder);
      for (const at::Tensor& parameter : adapter.parameters()) parameter.detach().normal_(0, 0.2);
      adapter.save(path(kAdapterFolder));
      write_tensors(path(kHeadFile), {{"weight", at::randn({16})}, {"bias", at::zeros({1})}});
      TableWriter states(path(kStatesFile), context_.data.places(), 16);
      states.append(at::randn({context_.data.places(), 16}));
      states.finish();
    }
    context_.folders = {{"adapter", folder_}, {"states", folder_}, {"rewards", ""}};
    return std::make_shared<LanguageEnvironment>(settings, context_);
  }

  AugmenterContext context_;
};

const ParamValues kByReward = {{"select", std::string("reward")}};

ParamValues with(const std::string& name, const std::string& value,
                 ParamValues values = kByReward) {
  values[name] = value;
  return values;
}

// The events of users(): 0 to 6 are the items 1 to 7 of the first user, whose histories hold 4 items.

TEST_F(AugmenterTest, ProposesTheCandidateOfTheHighestReward) {
  context_.inner = std::make_shared<Likes>();
  EXPECT_EQ(propose(kByReward, 3, {4, 11, 9}), 11);
  EXPECT_EQ(propose(kByReward, 0, {2, 1}), 2);
}

TEST_F(AugmenterTest, GivesTheListInTheOrderOfTheCandidatesOrShuffled) {
  const auto inner = std::make_shared<LikesLastPlaces>();
  context_.inner = inner;
  const Tensor candidates = all_candidates();
  const ParamValues ranked;
  EXPECT_TRUE(augmenter(ranked)->propose(all_events(), candidates).equal(candidates.select(1, 4)));
  EXPECT_TRUE(inner->given.equal(candidates));

  const ParamValues shuffled = {{"list", std::string("shuffled")}};
  const Tensor proposed = augmenter(shuffled)->propose(all_events(), candidates);
  const Tensor given = inner->given;
  EXPECT_TRUE(std::get<0>(given.sort(1)).equal(std::get<0>(candidates.sort(1))));
  EXPECT_TRUE(proposed.equal(given.select(1, 4)));
  std::set<std::vector<int64_t>> orders;
  for (int64_t event = 0; event < candidates.size(0); ++event)
    orders.insert(list(shuffled, event, {1, 2, 3, 4, 5}));
  EXPECT_GT(orders.size(), 12U) << "of 23 events";
  ParamValues other = shuffled;
  other["seed"] = int64_t{2};
  augmenter(other)->propose(all_events(), candidates);
  EXPECT_FALSE(inner->given.equal(given));
}

TEST_F(AugmenterTest, ShufflesPlacesSoThatTheSameItemsInAnotherOrderGiveAnotherList) {
  context_.inner = std::make_shared<Likes>();
  const ParamValues shuffled = with("list", "shuffled");
  auto once = list(shuffled, 3, {5, 6, 7, 8, 9}), again = list(shuffled, 3, {6, 5, 8, 7, 9});
  for (size_t place = 0; place < once.size(); ++place) {
    const int64_t item = once[place];
    EXPECT_EQ(again[place], item == 9 ? 9 : item % 2 ? item + 1 : item - 1);
  }
}

TEST_F(AugmenterTest, LeavesOutTheLoggedItemAndWhatStandsBeforeItInTheSequence) {
  using Items = std::vector<int64_t>;
  context_.inner = std::make_shared<Likes>();
  const Items candidates = {4, 1, 9, 3, 12};
  const ParamValues logged = with("logged", "drop"), seen = with("seen", "drop"),
                    both = with("logged", "drop", seen);
  EXPECT_EQ(list(kByReward, 3, candidates), candidates);
  EXPECT_EQ(list(logged, 3, candidates), (Items{1, 9, 3, 12, 0}));
  EXPECT_EQ(list(seen, 3, candidates), (Items{4, 9, 12, 0, 0}));
  EXPECT_EQ(list(both, 3, candidates), (Items{9, 12, 0, 0, 0}));
  // Items 1 and 2 stand before the four of the history.
  EXPECT_EQ(list(seen, 6, {1, 2, 3, 7, 8}), (Items{7, 8, 0, 0, 0}));
  // The user before it does not count. Event 7 is item 8, the first of the second user.
  EXPECT_EQ(list(seen, 7, {1, 2, 8}), (Items{1, 2, 8}));
  EXPECT_EQ(propose(both, 3, candidates), 12);
}

TEST_F(AugmenterTest, ProposesNothingWhenNoCandidateIsLeft) {
  context_.inner = std::make_shared<LikesLastPlaces>();
  for (const char* select : {"labels", "reward"}) {
    const ParamValues both = {{"select", std::string(select)},
                              {"logged", std::string("drop")},
                              {"seen", std::string("drop")}};
    EXPECT_EQ(propose(both, 3, {4, 1, 2}), 0) << select;
    EXPECT_EQ(propose(both, 3, {4, 1, 10}), 10) << select;
  }
}

TEST_F(AugmenterTest, KeepsReplacesOrLeavesOutALoggedChoice) {
  context_.inner = std::make_shared<Likes>();
  // Item 4 is logged at event 3.
  EXPECT_EQ(propose(with("when_logged", "keep"), 3, {3, 4, 2}), 4);
  EXPECT_EQ(propose(with("when_logged", "next"), 3, {2, 4, 3}), 3);
  EXPECT_EQ(propose(with("when_logged", "none"), 3, {3, 4, 2}), 0);
  EXPECT_EQ(propose(with("when_logged", "next"), 3, {4}), 0);
  for (const char* way : {"keep", "next", "none"})
    EXPECT_EQ(propose(with("when_logged", way), 3, {3, 4, 5}), 5) << way;
}

TEST_F(AugmenterTest, DrawsAmongEqualScoresByTheSeed) {
  const auto inner = std::make_shared<Likes>();
  inner->liking = [](int64_t) { return 1.0; };
  context_.inner = inner;
  std::map<int64_t, int> times;
  for (int64_t seed = 0; seed < 300; ++seed) {
    ParamValues values = kByReward;
    values["seed"] = seed;
    const int64_t proposed = propose(values, 3, {1, 2, 3});
    EXPECT_EQ(propose(values, 3, {1, 2, 3}), proposed);
    ++times[proposed];
  }
  // 100 expected of each, standard deviation 8.
  for (const int64_t item : {1, 2, 3}) EXPECT_NEAR(times[item], 100, 33) << item;
}

TEST_F(AugmenterTest, TakesTheLabelOfTheGreatestLogitOfTheLanguageModel) {
  const Settings settings = tiny_settings({{"order", "hoisted"}});
  context_.inner = language_environment(settings);
  const Tensor candidates = all_candidates();
  const History events = all_events();
  const Tensor proposed = augmenter({})->propose(events, candidates);
  const EnvironmentModel model(settings, folder_, at::kCPU);
  int64_t asked = 0;
  for (int64_t event = 0; event < candidates.size(0); ++event) {
    const int64_t length = events.length[event].item<int64_t>();
    const Tensor items = events.items[event].contiguous(), of = candidates[event].contiguous();
    if (length == 0) {
      EXPECT_TRUE(of.eq(proposed[event]).any().item<bool>());
      continue;
    }
    ++asked;
    const Sequences before = {
        {items.const_data_ptr<int64_t>(), items.const_data_ptr<int64_t>() + length}};
    const Sequences listed = {{of.const_data_ptr<int64_t>(), of.const_data_ptr<int64_t>() + 5}};
    const Tensor best = model.label_scores(before, listed)[0].argmax();
    EXPECT_EQ(proposed[event].item<int64_t>(), of[best.item<int64_t>()].item<int64_t>()) << event;
  }
  EXPECT_EQ(asked, 17);
}

TEST_F(AugmenterTest, OpensTheLanguageModelOnlyToPropose) {
  Settings settings = tiny_settings();
  settings.model = path("no_such_model");
  context_.inner = language_environment(settings);
  const auto made = augmenter({});
  // First events have no history to ask about.
  EXPECT_GT(made->propose(history(0), row({1, 2, 3})).item<int64_t>(), 0);
  EXPECT_THROW(made->propose(history(1), row({1, 2, 3})), Error);
}

TEST_F(AugmenterTest, TakesTheTokenMostSimilarToTheStateWithoutALanguageModel) {
  for (const char* similarity : {"dot", "cosine"}) {
    Settings settings = tiny_settings({{"similarity", similarity}});
    settings.model = path("no_such_model");
    context_.inner = language_environment(settings);
    const Tensor candidates = all_candidates();
    const Tensor proposed =
        augmenter({{"select", std::string("state_token")}})->propose(all_events(), candidates);
    const Tensor states = Table(path(kStatesFile)).at(all_events().place), tokens = item_tokens();
    for (int64_t event = 0; event < candidates.size(0); ++event) {
      const Tensor own = tokens.index_select(0, candidates[event] - 1);
      const Tensor scores = std::string(similarity) == "dot"
                                ? at::mv(own, states[event])
                                : at::cosine_similarity(own, states[event].unsqueeze(0), 1);
      EXPECT_EQ(proposed[event].item<int64_t>(),
                candidates[event][scores.argmax().item<int64_t>()].item<int64_t>())
          << similarity << " " << event;
    }
  }
}

TEST_F(AugmenterTest, AsksOnlyALanguageModelEnvironmentForLabelsAndStates) {
  context_.inner = std::make_shared<Likes>();
  const std::string rest =
      "` asks a language-model environment, which toy.environment is not: name le itself in `of`, "
      "not a wrapper around it, or write `select: reward`, which every environment can answer";
  EXPECT_EQ(refusal({}), "augmenter le: of: `select: labels" + rest);
  EXPECT_EQ(refusal({{"select", std::string("state_token")}}),
            "augmenter le: of: `select: state_token" + rest);
  EXPECT_EQ(refusal(kByReward), "nothing was refused");
}

TEST_F(AugmenterTest, DeclaresWhatItAsksAndItsEnvironmentHowLongAListMayBe) {
  EXPECT_THAT(
      load_plugin("le", "augmenter").asks,
      ::testing::ElementsAre("list_scores if select=labels", "state_scores if select=state_token"));
  const PluginEntry environment = load_plugin("le", "environment");
  EXPECT_TRUE(environment.chooses);
  EXPECT_EQ(environment.list_words, "labels");
}

TEST_F(AugmenterTest, NeedsAsManyLabelsAsCandidates) {
  context_.inner = std::make_shared<LikesLastPlaces>();
  context_.count = 7;
  const std::string message =
      "augmenter le: augment.candidates is 7, but the environment in `of` has 5 labels: give "
      "`labels` of toy.environment one word for each candidate, or lower augment.candidates";
  EXPECT_EQ(refusal({}), message);
  EXPECT_EQ(refusal(kByReward), "nothing was refused");
  context_.count = 5;
  EXPECT_EQ(refusal({}), "nothing was refused");
  EXPECT_THROW(propose({}, 3, {1, 2, 3, 4, 5, 6}), ConfigError);
}

TEST_F(AugmenterTest, NeedsStatesToCompareThemWithTokens) {
  context_.inner = std::make_shared<LikesLastPlaces>();
  EXPECT_THAT(refusal({{"select", std::string("state_token")}}),
              HasSubstr("`select: state_token` needs states, which toy.environment does not give"));
}

TEST_F(AugmenterTest, CountsTheLabelsOfTheLanguageModelEnvironment) {
  EXPECT_EQ(language_environment(tiny_settings())->longest_list(), 5);
  Settings settings = tiny_settings();
  settings.labels = " first| second";
  const auto two = language_environment(settings);
  EXPECT_EQ(two->longest_list(), 2);
  EXPECT_THROW(two->list_scores(history(3), row({1, 2, 3})), ConfigError);
}

}  // namespace
}  // namespace lea::le
