// What a training run does step by step, and what it reports.
#include <gmock/gmock.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/train/checkpoint.h"
#include "tests/train/training.h"

namespace lea::train {
namespace {

using Steps = std::vector<int64_t>;

// w is the number of updates. With w = 0, 1, 2, 3, 4 the best item is a, b, c, d, e, and of the
// validation targets a b d d the share 1/4, 1/4, 0, 1/2, 0 has the first rank.

TEST_F(TrainerTest, StopsAfterPatienceValidationsWithoutABetterOne) {
  run_.train.validate_every = 1;
  run_.train.patience = 2;
  const Outcome outcome = train();
  EXPECT_EQ(listener_.values<int64_t>("valid", "step"), (Steps{1, 2, 3, 4, 5}));
  std::vector<double> hits;
  for (const auto& metrics : listener_.values<nlohmann::json>("valid", "metrics"))
    hits.push_back(metrics.at("hr@1").get<double>());
  EXPECT_EQ(hits, (std::vector<double>{0.25, 0, 0.5, 0, 0}));
  EXPECT_EQ(outcome.best_step, 3);
  EXPECT_EQ(outcome.steps, 5);
  EXPECT_EQ(outcome.updates, 5);
}

TEST_F(TrainerTest, ReportsTheWeightsOfTheBestStepAndNotOfTheLast) {
  run_.train.validate_every = 1;
  run_.train.patience = 2;
  const Outcome outcome = train();
  EXPECT_FLOAT_EQ(load_best(paths().checkpoint).at("w").item<float>(), 3);
  // w = 3: d is best, then c and e, then b, then a. The targets of u5 are d c a e.
  const auto file = eval::decode_ranks(read_file(paths().ranks), "ranks.bin");
  std::vector<std::pair<uint32_t, uint32_t>> ranks;
  for (const auto& record : file.records) ranks.emplace_back(record.rank, record.ties);
  EXPECT_EQ(ranks, (decltype(ranks){{1, 0}, {2, 1}, {5, 0}, {2, 1}}));
  EXPECT_EQ(outcome.test.at("hr@1"), 0.25);
  EXPECT_EQ(outcome.test.at("hr@3"), 0.75);  // ties count against the target: rank 3
  EXPECT_EQ(outcome.valid.at("hr@1"), 0.5);
  EXPECT_EQ(outcome.tie_share, 0.5);
  EXPECT_EQ(outcome.ranks_sha256, sha256_file(paths().ranks));
  EXPECT_EQ(outcome.valid_ranks_sha256, sha256_file(paths().valid_ranks));
}

TEST_F(TrainerTest, ValidatesByUpdatesOfTheNetworkThatRanksAndAfterTheLastOfThem) {
  run_.train.max_steps = 10;
  run_.train.validate_every = 2;
  weights([](ToyFramework& f, int64_t step) {
    return step % 2 == 0 ? Loss{-f.w.sum(), "ranked", {}} : Loss{-f.unranked.sum(), "unranked", {}};
  });
  // The second and the fourth update are in steps 2 and 6. The fifth is in step 8 and is validated
  // at the end.
  EXPECT_EQ(listener_.values<int64_t>("valid", "step"), (Steps{3, 7, 10}));
  EXPECT_EQ(listener_.values<int64_t>("valid", "updates"), (Steps{2, 4, 5}));
}

TEST_F(TrainerTest, DoesNotValidateTheSameWeightsTwice) {
  run_.train.max_steps = 4;
  run_.train.validate_every = 2;
  train();
  EXPECT_EQ(listener_.values<int64_t>("valid", "step"), (Steps{2, 4}));
}

TEST_F(TrainerTest, DropsTheLearningRateAtItsStep) {
  run_.train.max_steps = 5;
  run_.train.learning_rate = 0.5;
  run_.train.drop_learning_rate_at = 3;
  run_.train.dropped_learning_rate = 0.125;
  const auto w = weights([](ToyFramework& f, int64_t) { return Loss{-f.w.sum(), "ranked", {}}; });
  const std::vector<double> before_each_step = {0, 0.5, 1, 1.5, 1.625};
  ASSERT_EQ(w.size(), before_each_step.size() + 1);
  for (size_t i = 0; i < before_each_step.size(); ++i)
    EXPECT_NEAR(w[i], before_each_step[i], 1e-6) << i;
  EXPECT_NEAR(w.back(), 1.75, 1e-6) << "the only validation was after the last step";
}

TEST_F(TrainerTest, ForgetsTheMomentsAtTheDropWhereTheRunSaysSo) {
  run_.train.max_steps = 6;
  run_.train.drop_learning_rate_at = 3;
  const auto last_move = [&](bool fresh) {
    run_.train.fresh_optimizer = fresh;
    // From step 3 on the gradient is 0, so that only the moments still move w.
    const auto w = weights([](ToyFramework& f, int64_t step) {
      return Loss{f.w.sum() * (step < 3 ? -1 : 0), "ranked", {}};
    });
    return w[5] - w[3];
  };
  EXPECT_GT(last_move(false), 1e-4);
  drop_checkpoints(paths().checkpoint);
  EXPECT_EQ(last_move(true), 0);
}

TEST_F(TrainerTest, LeavesAGroupWithItsOwnLearningRateOutOfTheSchedule) {
  run_.train.max_steps = 5;
  run_.train.drop_learning_rate_at = 2;
  run_.train.dropped_learning_rate = 0.125;
  run_.train.fresh_optimizer = true;
  std::vector<double> weights;
  prepare_ = [&](ToyFramework& framework) {
    framework.own_groups = {{"own", {framework.w}, 0.25}};
    framework.on_loss = [&](ToyFramework& f, const Transition&, const Step& step) {
      weights.push_back(f.w.item<double>());
      return Loss{f.w.sum() * (step.index < 2 ? -1 : 0), "own", {}};
    };
  };
  train();
  ASSERT_EQ(weights.size(), 5u);
  EXPECT_NEAR(weights[1], 0.25, 1e-6);
  EXPECT_NEAR(weights[2], 0.5, 1e-6);
  EXPECT_GT(weights[4] - weights[3], 1e-3);  // its moments were kept
}

TEST_F(TrainerTest, RefreshesProposalsFromTheirStepOnWithTheWeightsOfThatMoment) {
  run_.train.max_steps = 8;
  run_.reward.id = "toy.environment";
  run_.augment.id = "toy.augmenter";
  run_.augment_use.from_step = 2;
  run_.augment_use.refresh = 3;
  run_.augment_use.candidates = 1;
  Steps proposed;
  std::vector<float> scored;
  prepare_ = [&](ToyFramework& framework) {
    framework.on_loss = [&](ToyFramework& f, const Transition& t, const Step&) {
      proposed.push_back(t.proposed.defined() ? t.proposed.max().item<int64_t>() : -1);
      // 100 x event + 10 x item + role 2, with the logged item where nothing was proposed
      if (t.proposed.defined()) {
        const Tensor item = at::where(t.proposed.gt(0), t.proposed, t.action);
        const Tensor expected = t.history.event * 100 + item * 10 + 2;
        EXPECT_TRUE(t.proposed_reward.equal(expected.to(at::kFloat)));
      }
      return Loss{-f.w.sum(), "ranked", {}};
    };
  };
  run_.train.batch_size = 10;
  train();
  EXPECT_EQ(listener_.values<int64_t>("proposals", "step"), (Steps{2, 5}));
  // w is 2 at step 2, so c is best, and 5 at step 5, where e is the nearest.
  EXPECT_EQ(proposed, (Steps{-1, -1, 3, 3, 3, 5, 5, 5}));
  // Three of the ten histories are empty, and count in the share alone. Of the others, event 2 (c
  // after a b) and event 4 (c after b) are logged c.
  EXPECT_FLOAT_EQ(listener_.values<float>("proposals", "share")[0], 0.7f);
  EXPECT_FLOAT_EQ(listener_.values<float>("proposals", "equal_to_logged")[0], 2.0f / 7);
}

TEST_F(TrainerTest, ReportsTheWidthsOfAStateAndOfTheBackboneThatItJoins) {
  class Wide final : public Backbone {
    int64_t width() const override { return 3; }
    Tensor encode(const History& history) override { return at::zeros({history.items.size(0), 3}); }
  };
  PluginEntry backbone, framework;
  backbone.backbone = [](const ParamValues&, const Context&) { return std::make_shared<Wide>(); };
  framework.framework = [](const ParamValues&, const Context& context) {
    context.make_backbone();
    return std::make_shared<ToyFramework>(context.items());
  };
  const PluginLookup with_backbone =
      [&, toys = lookup()](const std::string& kind, const std::string& id) -> const PluginEntry& {
    if (kind == "backbone") return backbone;
    return kind == "framework" ? framework : toys(kind, id);
  };
  run_.train.max_steps = 1;
  run_.backbone.id = "toy.backbone";
  run_.state.id = "toy.environment";
  const Outcome outcome = train::train(run_, data_, split_, with_backbone, paths(), listener_);
  EXPECT_EQ(outcome.state_width, 2);
  EXPECT_EQ(outcome.backbone_width, 3);
}

TEST_F(TrainerTest, ProposesOnceWithoutARefresh) {
  run_.train.max_steps = 6;
  run_.augment.id = "toy.augmenter";
  run_.augment_use.from_step = 1;
  run_.augment_use.candidates = 1;
  train();
  EXPECT_EQ(listener_.values<int64_t>("proposals", "step"), (Steps{1}));
}

TEST_F(TrainerTest, GivesASignOfLifeInEveryPhaseThatMayBeLong) {
  run_.train.max_steps = 2;
  run_.augment.id = "toy.augmenter";
  run_.augment_use.from_step = 1;
  train();
  EXPECT_EQ(listener_.phases, (std::vector<std::string>{"fit", "train", "propose", "train",
                                                        "validate", "valid", "test"}));
}

TEST_F(TrainerTest, StopsWhileItProposesAndBeginsWithThatWhenItGoesOn) {
  run_.train.max_steps = 6;
  run_.augment.id = "toy.augmenter";
  run_.augment_use.from_step = 2;
  run_.augment_use.refresh = 3;
  run_.augment_use.candidates = 1;
  Steps steps;
  prepare_ = [&](ToyFramework& framework) {
    framework.on_loss = [&](ToyFramework& f, const Transition&, const Step& step) {
      steps.push_back(step.index);
      return Loss{-f.w.sum(), "ranked", {}};
    };
  };
  listener_.stop_in = "propose";
  EXPECT_TRUE(train().interrupted);
  EXPECT_EQ(steps, (Steps{0, 1}));
  EXPECT_TRUE(listener_.values<int64_t>("proposals", "step").empty());
  listener_.stop_in = "no phase";
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(steps, (Steps{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(listener_.values<int64_t>("proposals", "step"), (Steps{2, 5}));
}

TEST_F(TrainerTest, RecordsALossAtStepZeroAndEveryFewSteps) {
  run_.train.max_steps = 7;
  run_.train.log_every = 3;
  weights([](ToyFramework& f, int64_t step) {
    return Loss{-f.w.sum(), "ranked", {{"twice", torch::tensor(2.0f * float(step))}}};
  });
  EXPECT_EQ(listener_.values<int64_t>("train", "step"), (Steps{0, 3, 6}));
  EXPECT_EQ(listener_.values<double>("train", "twice"), (std::vector<double>{0, 6, 12}));
  EXPECT_NEAR(listener_.values<double>("train", "loss")[1], -3, 1e-5);
}

TEST_F(TrainerTest, FailsAtTheVeryStepWhoseLossIsNotFinite) {
  run_.train.log_every = 100;
  run_.train.validate_every = 4;
  prepare_ = [](ToyFramework& framework) {
    framework.on_loss = [](ToyFramework& f, const Transition&, const Step& step) {
      return Loss{-f.w.sum() * (step.index == 5 ? INFINITY : 1.0), "ranked", {}};
    };
  };
  EXPECT_EQ(failure(),
            "framework toy.framework: the loss is not finite at step 5. Lower train.learning_rate "
            "or check the rewards");
  const auto checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->step, 4);
  EXPECT_FLOAT_EQ(checkpoint->tensors.at("model/w").item<float>(), 4);
}

// In step `last` the gradient of `unranked` is NaN: the derivative of the square root at 0 is
// infinite, and is multiplied by 0. Neither the loss nor the network that ranks shows it.
std::function<void(ToyFramework&)> losing_a_weight_at(int64_t last) {
  return [last](ToyFramework& framework) {
    framework.own_groups = {{"both", {framework.w, framework.unranked}}};
    framework.on_loss = [last](ToyFramework& f, const Transition&, const Step& step) {
      const Tensor value = -f.w.sum();
      return Loss{step.index < last ? value : value + (f.unranked * 0).sqrt().sum(), "both", {}};
    };
  };
}

TEST_F(TrainerTest, NeitherSelectsNorKeepsWeightsThatAreNotFinite) {
  run_.train.validate_every = 4;
  prepare_ = losing_a_weight_at(3);
  EXPECT_EQ(
      failure(),
      "framework toy.framework: tensor unranked is not finite after 4 steps, although the "
      "losses were. Lower train.learning_rate or check the rewards, and the loss for what has "
      "no finite gradient");
  EXPECT_TRUE(listener_.values<int64_t>("valid", "step").empty());
  EXPECT_FALSE(load_checkpoint(paths().checkpoint, [](const std::string&) {}));
}

TEST_F(TrainerTest, KeepsNoSuchWeightsEitherWhenItIsAskedToStop) {
  listener_.stop_at = 2;
  prepare_ = losing_a_weight_at(1);
  EXPECT_NE(failure().find("tensor unranked is not finite after 2 steps"), std::string::npos);
  EXPECT_FALSE(load_checkpoint(paths().checkpoint, [](const std::string&) {}));
}

TEST_F(TrainerTest, SaysWhenAnOptimisersMomentsHaveOverflowed) {
  run_.train.max_steps = 1;
  prepare_ = [](ToyFramework& framework) {
    framework.on_loss = [](ToyFramework& f, const Transition&, const Step&) {
      return Loss{
          f.w.sum() * 1e30, "ranked", {}};  // its square exceeds float, and w would not move
    };
  };
  EXPECT_NE(failure().find("Adam's state ranked/0/square is not finite after 1 step, although"),
            std::string::npos)
      << failure();
}

TEST_F(TrainerTest, RefusesALossForAGroupThatIsNotThere) {
  prepare_ = [](ToyFramework& framework) {
    framework.on_loss = [](ToyFramework& f, const Transition&, const Step&) {
      return Loss{-f.w.sum(), "third", {}};
    };
  };
  EXPECT_EQ(
      failure(),
      "framework toy.framework at loss(), step 0: names group \"third\", which groups() does not "
      "have");
}

TEST_F(TrainerTest, NamesThePluginTheMethodAndTheStepOfWhatIsThrown) {
  const auto fails_with = [&](const std::function<Loss(ToyFramework&)>& at_step_3) {
    prepare_ = [&](ToyFramework& framework) {
      framework.on_loss = [&](ToyFramework& f, const Transition&, const Step& step) {
        return step.index == 3 ? at_step_3(f) : Loss{-f.w.sum(), "ranked", {}};
      };
    };
    return failure();
  };
  EXPECT_EQ(
      fails_with([](ToyFramework&) -> Loss { throw std::runtime_error("enough\nbacktrace"); }),
      "framework toy.framework at loss(), step 3, threw: enough");
  EXPECT_EQ(fails_with([](ToyFramework&) -> Loss { throw 42; }),
            "framework toy.framework at loss(), step 3, threw something that is no std::exception");
  EXPECT_EQ(fails_with([](ToyFramework&) -> Loss { throw PluginError("no more items"); }),
            "no more items (in framework toy.framework at loss(), step 3)");
  EXPECT_EQ(fails_with([](ToyFramework& f) {
              return Loss{f.w.expand({2}), "ranked", {}};
            }),
            "framework toy.framework at loss(), step 3: must give Float [], but gave Float [2]");
  EXPECT_THAT(fails_with([](ToyFramework& f) {
                return Loss{f.w.detach().sum(), "ranked", {}};
              }),
              testing::StartsWith("framework toy.framework at loss()'s gradient, step 3, threw: "));
  EXPECT_THAT(fails_with([](ToyFramework& f) {
                return Loss{-f.w.sum(), "ranked", {{"many", at::zeros({2})}}};
              }),
              testing::StartsWith("framework toy.framework at loss()'s metrics, step 3, threw: "));
}

TEST_F(TrainerTest, NamesTheMethodsThatItCallsOutsideOfSteps) {
  prepare_ = [](ToyFramework& framework) {
    framework.on_score = [](const History&) -> Tensor { throw std::runtime_error("no score"); };
  };
  run_.train.validate_every = 2;
  EXPECT_EQ(failure(), "framework toy.framework at score(), step 2, threw: no score");
  prepare_ = [](ToyFramework&) { throw std::runtime_error("no framework"); };
  EXPECT_EQ(failure(), "framework toy.framework at its constructor threw: no framework");
}

TEST_F(TrainerTest, NamesAnAugmenterThatThrows) {
  run_.reward.id = "toy.environment";
  run_.augment.id = "toy.augmenter";
  run_.augment_use.from_step = 2;
  augmenter_->when_asked = [] { throw std::runtime_error("nothing to propose"); };
  EXPECT_EQ(failure(), "augmenter toy.augmenter at propose(), step 2, threw: nothing to propose");
}

TEST_F(TrainerTest, KeepsTheTopItemsOfTheTestEventsBesideTheirRanks) {
  run_.train.max_steps = 3;
  const Outcome outcome = train();
  EXPECT_EQ(listener_.tests, 1);
  EXPECT_EQ(outcome.top_sha256, sha256_file(paths().top));
  const auto top = eval::decode_top(read_file(paths().top), "top.bin");
  EXPECT_EQ(top.events(), eval::decode_ranks(read_file(paths().ranks), "ranks.bin").records.size());
  // w = 3: d is best, then c and e, then b, then a.
  EXPECT_EQ(top.top[0], 4u);
  EXPECT_EQ(top.top[1] + top.top[2], 3u + 5u);
  EXPECT_EQ(top.top[3], 2u);
  EXPECT_EQ(top.top[4], 1u);
}

}  // namespace
}  // namespace lea::train
