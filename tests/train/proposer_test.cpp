// The proposals of the loop: which candidates are asked about, what is recorded, and that a refresh goes
// on where it was interrupted.
#include "core/train/proposer.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "core/base/error.h"
#include "core/base/files.h"
#include "tests/train/toy.h"

namespace lea::train {
namespace {

Tensor longs(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

class ProposalsTest : public ToyTest {
 protected:
  ProposalsTest() {
    run_.reward.id = "toy.environment";
    run_.augment.id = "toy.augmenter";
    run_.augment_use.candidates = 3;
  }
  // Proposes with new plugins of the lookup.
  Refresh refresh(Framework& framework, int64_t step, bool twice = false) {
    const HostContext context(run_, data_, split_, lookup_ ? lookup_ : lookup());
    const Transitions transitions(run_, *data_, context);
    const Proposer proposer(run_, context, transitions);
    const auto keep_going = [] { return true; };
    Refresh refresh;
    EXPECT_TRUE(proposer.refresh(framework, step, refresh, keep_going));
    if (twice) {
      EXPECT_TRUE(proposer.ask_twice(framework, step, refresh, keep_going));
    }
    figures_ = proposer.figures(refresh);
    return refresh;
  }
  Proposals propose(Framework& framework, int64_t step) {
    return refresh(framework, step).proposals;
  }
  // Puts another augmenter into the run.
  void use(std::shared_ptr<Augmenter> augmenter) {
    other_.augmenter = [augmenter](const ParamValues&, const Context&) { return augmenter; };
    lookup_ = [this, toys = lookup()](const std::string& kind,
                                      const std::string& id) -> const PluginEntry& {
      return kind == "augmenter" ? other_ : toys(kind, id);
    };
  }
  // The items after the last one are best, one by one: after c come d, e, a ...
  static Tensor following(const History& history) {
    const Tensor last =
        history.items.gather(1, history.length.sub(1).clamp_min(0).unsqueeze(1)).sub(1);
    return (at::arange(5) - last - 1).remainder(5).neg().to(at::kFloat);
  }

  PluginEntry other_;
  PluginLookup lookup_;
  std::map<std::string, double> figures_;
};

TEST_F(ProposalsTest, ComeFromTheBestItemsOfEachTrainingHistory) {
  augmenter_->place = 1;
  ToyFramework framework(5);
  framework.on_score = following;
  framework.train();
  const Proposals proposals = propose(framework, /*step=*/4);
  // Last items of the ten histories: - a b | - b | - c a d a; the second after each of them.
  EXPECT_TRUE(proposals.item.equal(torch::tensor({0, 3, 4, 0, 4, 0, 5, 3, 1, 3}, at::kInt)));
  ASSERT_EQ(augmenter_->given.size(), 1u);
  EXPECT_TRUE(augmenter_->given[0][8].equal(longs({5, 1, 2})));  // after d: e a b
  EXPECT_TRUE(framework.is_training());
}

TEST_F(ProposalsTest, AreScoredInTheirOwnRole) {
  ToyFramework framework(5);
  framework.on_score = following;
  const Proposals proposals = propose(framework, /*step=*/0);
  EXPECT_EQ(environment_->asked, (std::vector<std::vector<Role>>{{Role::kProposed}}));
  // Event 8 is after d: e (5) is proposed, 800 + 50 + 2. Event 1 is after a: b (2), 100 + 20 + 2.
  EXPECT_EQ(proposals.reward[8].item<float>(), 852);
  EXPECT_EQ(proposals.reward[1].item<float>(), 122);
}

TEST_F(ProposalsTest, RankWithDropoutOff) {
  bool training = true;
  ToyFramework framework(5);
  framework.on_score = [&](const History& history) {
    training = framework.is_training();
    return following(history);
  };
  framework.train();
  propose(framework, 0);
  EXPECT_FALSE(training);
}

TEST_F(ProposalsTest, AmongEqualScoresAreDrawnByStepAndNeverByItem) {
  ToyFramework framework(5);
  framework.on_score = [](const History& history) { return at::zeros({history.items.size(0), 5}); };
  std::vector<int64_t> times(6, 0);
  for (int64_t step = 0; step < 500; ++step) {
    const Tensor item = propose(framework, step).item;
    ++times[item[1].item<int64_t>()];
  }
  EXPECT_TRUE(propose(framework, 7).item.equal(propose(framework, 7).item));
  // 100 expected of each item, standard deviation 9.
  for (size_t item = 1; item <= 5; ++item) EXPECT_NEAR(static_cast<double>(times[item]), 100, 45);
}

TEST_F(ProposalsTest, OutsideTheCatalogueAreRefused) {
  ToyFramework framework(5);
  framework.on_score = following;
  class Wrong final : public Augmenter {
    Tensor propose(const History& history, const Tensor&) override {
      return at::full({history.items.size(0)}, 6, at::kLong);
    }
  };
  use(std::make_shared<Wrong>());
  try {
    propose(framework, 0);
    FAIL() << "item 6 of 5";
  } catch (const PluginError& error) {
    EXPECT_STREQ(error.what(), "augmenter toy.augmenter at propose(): gave an item outside 0..5");
  }
}

TEST_F(ProposalsTest, AreCountedByTheirPlaceAmongTheCandidates) {
  augmenter_->place = 1;
  ToyFramework framework(5);
  framework.on_score = following;
  refresh(framework, 0);
  // Seven of the ten histories have items.
  EXPECT_FLOAT_EQ(float(figures_.at("share")), 0.7f);
  EXPECT_EQ(figures_.at("place_1"), 0);
  EXPECT_EQ(figures_.at("place_2"), 1);
  EXPECT_EQ(figures_.at("equal_to_first"), 0);
  EXPECT_FALSE(figures_.contains("asked_twice"));
  augmenter_->place = 0;
  refresh(framework, 0);
  EXPECT_EQ(figures_.at("place_1"), 1);
  EXPECT_EQ(figures_.at("equal_to_first"), 1);
}

// After an empty history another place is chosen than after items, as at random.
TEST_F(ProposalsTest, AfterAnEmptyHistoryAreCountedInTheShareAlone) {
  class Mixed final : public Augmenter {
    Tensor propose(const History& history, const Tensor& candidates) override {
      const Tensor place = history.length.gt(0).to(at::kLong);
      return candidates.gather(1, place.unsqueeze(1)).squeeze(1);
    }
  };
  use(std::make_shared<Mixed>());
  ToyFramework framework(5);
  framework.on_score = following;
  const Refresh all = refresh(framework, 0);
  EXPECT_EQ(figures_.at("share"), 1) << "of all ten events";
  EXPECT_EQ(figures_.at("place_1"), 0);
  EXPECT_EQ(figures_.at("place_2"), 1);
  EXPECT_EQ(figures_.at("equal_to_first"), 0);
  // The items of the ten events: a b c | b c | c a d a b.
  const std::vector<int32_t> logged = {1, 2, 3, 2, 3, 3, 1, 4, 1, 2};
  int64_t same = 0;
  for (const int64_t event : {1, 2, 4, 6, 7, 8, 9})
    same += all.proposals.item[event].item<int32_t>() == logged[static_cast<size_t>(event)];
  EXPECT_FLOAT_EQ(float(figures_.at("equal_to_logged")), float(same) / 7);
}

TEST_F(ProposalsTest, AreCountedByTheirPlaceInTheListThatTheAugmenterReads) {
  class Backwards final : public Augmenter, public ListReader {
    Tensor lists(const History&, const Tensor& candidates) override { return candidates.flip(1); }
    Tensor propose(const History&, const Tensor& candidates) override {
      return candidates.select(1, 2).clone();
    }
  };
  use(std::make_shared<Backwards>());
  ToyFramework framework(5);
  framework.on_score = following;
  refresh(framework, 0);
  EXPECT_EQ(figures_.at("place_1"), 1);
  EXPECT_EQ(figures_.at("place_3"), 0);
  EXPECT_EQ(figures_.at("equal_to_first"), 0);
}

TEST_F(ProposalsTest, ThatFollowThePlaceAgreeByPlaceWhenTheyAreAskedTwice) {
  augmenter_->place = 1;
  ToyFramework framework(5);
  framework.on_score = following;
  const Proposals alone = propose(framework, 0);
  augmenter_->given.clear();
  const Refresh both = refresh(framework, 0, /*twice=*/true);
  EXPECT_TRUE(both.proposals.item.equal(alone.item));
  ASSERT_EQ(augmenter_->given.size(), 3u);  // all events; the seven with a history; permuted
  const Tensor &once = augmenter_->given[1], &again = augmenter_->given[2];
  EXPECT_EQ(once.size(0), 7);
  EXPECT_TRUE(std::get<0>(once.sort(1)).equal(std::get<0>(again.sort(1))));
  EXPECT_FALSE(once.equal(again));
  EXPECT_EQ(figures_.at("asked_twice"), 7);
  EXPECT_EQ(figures_.at("same_place"), 1);
  const Tensor same = once.select(1, 1).eq(again.select(1, 1));
  EXPECT_NEAR(figures_.at("same_item"), double(same.sum().item<int64_t>()) / 7, 1e-6);
  EXPECT_LT(figures_.at("same_item"), 1);
}

TEST_F(ProposalsTest, ThatFollowTheItemAgreeByItemWhenTheyAreAskedTwice) {
  class Greatest final : public Augmenter {
    Tensor propose(const History&, const Tensor& candidates) override {
      return std::get<0>(candidates.max(1));
    }
  };
  use(std::make_shared<Greatest>());
  ToyFramework framework(5);
  framework.on_score = following;
  refresh(framework, 0, /*twice=*/true);
  EXPECT_EQ(figures_.at("asked_twice"), 7);
  EXPECT_EQ(figures_.at("same_item"), 1);
  EXPECT_LT(figures_.at("same_place"), 1);
}

TEST_F(ProposalsTest, ThatAreMissingAreNotComparedWhenTheyAreAskedTwice) {
  class Silent final : public Augmenter {
    Tensor propose(const History& history, const Tensor&) override {
      return at::zeros({history.items.size(0)}, at::kLong);
    }
  };
  use(std::make_shared<Silent>());
  ToyFramework framework(5);
  refresh(framework, 0, /*twice=*/true);
  for (const char* name : {"share", "equal_to_first", "place_1", "asked_twice", "same_item"})
    EXPECT_EQ(figures_.at(name), 0) << name;
}

// 600 training events: a refresh asks ten times, and the lists that are asked twice 16 times.
class LongRefreshTest : public ToyTest {
 protected:
  static constexpr size_t kRefresh = 10, kTwice = 16;

  LongRefreshTest() {
    Pairs sequences = {{"v", "abcde"}, {"t", "edcba"}}, parts = {{"v", "valid"}, {"t", "test"}};
    for (int user = 0; user < 30; ++user) {
      std::string items;
      for (int t = 0; t < 20; ++t) items += static_cast<char>('a' + (user + t * t) % 5);
      sequences.emplace_back("u" + std::to_string(user), items);
      parts.emplace_back("u" + std::to_string(user), "train");
    }
    data_ = import(sequences, "many");
    split_ = split(parts);
    run_.train.max_steps = 7;
    run_.reward.id = "toy.environment";
    run_.augment.id = "toy.augmenter";
    run_.augment_use.candidates = 3;
    run_.augment_use.from_step = 2;
    run_.augment_use.refresh = 3;
    prepare_ = [](ToyFramework& framework) {
      // The weight depends on the rewards of the proposals.
      framework.on_loss = [](ToyFramework& f, const Transition& t, const Step&) {
        Tensor value = -f.w.sum();
        if (t.proposed.defined()) value = value * t.proposed_reward.mean() / 1000;
        return Loss{value, "ranked", {}};
      };
    };
  }

  Outcome train() { return train::train(run_, data_, split_, lookup(), paths(), listener_); }

  // Calls `what` when the augmenter has been asked `times` times from now on.
  void after_asking(size_t times, const std::function<void()>& what) {
    augmenter_->when_asked = [this, what, due = augmenter_->given.size() + times] {
      if (augmenter_->given.size() == due) what();
    };
  }
  // An attempt that is told to stop after so many questions.
  void attempt(size_t questions) {
    after_asking(questions, [this] { listener_.stop_at = 0; });
    EXPECT_TRUE(train().interrupted);
    listener_.stop_at = 1 << 30;
    augmenter_->when_asked = {};
  }
  // The tensors of the checkpoint of step 6, after the attempts.
  std::string checkpoint_after(const std::vector<size_t>& attempts) {
    forget();
    for (const size_t questions : attempts) attempt(questions);
    listener_.stop_at = 6;
    EXPECT_TRUE(train().interrupted);
    return read_file(folder_ + "/checkpoint/step-6.safetensors");
  }
  void forget() {
    std::filesystem::remove_all(folder_ + "/checkpoint");
    listener_ = Listener();
    augmenter_ = std::make_shared<ToyAugmenter>();
  }
  // What a run that has ended leaves behind.
  std::vector<std::string> results() const {
    std::vector<std::string> all = {read_file(folder_ + "/checkpoint/best.safetensors"),
                                    read_file(paths().ranks)};
    for (const nlohmann::json& record : listener_.records) all.push_back(record.dump());
    return all;
  }

  Listener listener_;
};

TEST_F(LongRefreshTest, GoesOnWhereItWasToldToStop) {
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(augmenter_->given.size(), 2 * kRefresh + kTwice);
  const std::vector<std::string> undisturbed = results();
  forget();
  attempt(3);
  attempt(1);
  attempt(6 + 2);  // among the lists that are asked twice
  EXPECT_TRUE(listener_.values<int64_t>("proposals", "step").empty());
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(augmenter_->given.size(), 2 * kRefresh + kTwice) << "nothing was asked again";
  EXPECT_EQ(results(), undisturbed);
}

TEST_F(LongRefreshTest, LeavesTheCheckpointOfAnUndisturbedRun) {
  const std::string undisturbed = checkpoint_after({});
  EXPECT_EQ(checkpoint_after({5}), undisturbed);
  EXPECT_EQ(checkpoint_after({9, 1, 4, kTwice - 4 + 3}), undisturbed);
}

TEST_F(LongRefreshTest, LosesOnlyWhatFollowedTheLastCheckpointWhenItIsKilled) {
  EXPECT_FALSE(train().interrupted);
  const std::vector<std::string> undisturbed = results();
  forget();
  listener_.checkpoint_every = 0;
  after_asking(4, [] { throw std::runtime_error("killed"); });
  EXPECT_THROW(train(), std::runtime_error);
  augmenter_->when_asked = {};
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(augmenter_->given.size(), 2 * kRefresh + kTwice + 1);
  EXPECT_EQ(results(), undisturbed);
}

TEST_F(LongRefreshTest, IsRecordedWithItsFiguresAndAsksTwiceOnlyTheFirstTime) {
  const Outcome outcome = train();
  std::vector<nlohmann::json> records;
  for (const nlohmann::json& record : listener_.records) {
    if (record.at("type") == "proposals") records.push_back(record);
  }
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].at("asked_twice").get<double>(), 500);
  EXPECT_EQ(records[0].at("same_place"), 1);
  // Of three candidates one in three stays at its place; 500 lists, standard deviation .02.
  EXPECT_NEAR(records[0].at("same_item").get<double>(), 1.0 / 3, 0.1);
  EXPECT_EQ(records[0].at("place_1"), 1);
  EXPECT_FALSE(records[1].contains("asked_twice"));
  EXPECT_EQ(outcome.proposals.at("refreshes"), 2);
  EXPECT_EQ(outcome.proposals.at("same_item"), records[0].at("same_item").get<double>());
  EXPECT_EQ(outcome.proposals.at("equal_to_logged"),
            records[1].at("equal_to_logged").get<double>());
}

TEST_F(LongRefreshTest, RecordsNothingWithoutAnAugmenter) {
  run_.augment.id = "";
  EXPECT_TRUE(train().proposals.empty());
}

}  // namespace
}  // namespace lea::train
