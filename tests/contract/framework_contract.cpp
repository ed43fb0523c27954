// The contract of core/api/framework.h, for every framework that the registry finds.
#include <algorithm>
#include <map>
#include <set>

#include "tests/contract/toy.h"

namespace lea {
namespace {

constexpr int64_t kNegatives = 2, kState = 4;

// The first twelve steps, and twelve after any warm-up. A coin gives each step to one of the twins.
std::vector<int64_t> steps() {
  std::vector<int64_t> steps;
  for (const int64_t first : {int64_t{0}, int64_t{1} << 30}) {
    for (int64_t i = 0; i < 12; ++i) steps.push_back(first + i);
  }
  return steps;
}

bool reads(const PluginEntry& entry, const std::string& slot) {
  return std::find(entry.uses.begin(), entry.uses.end(), slot) != entry.uses.end();
}

std::set<const void*> addresses(const std::vector<Tensor>& parameters) {
  std::set<const void*> set;
  for (const Tensor& parameter : parameters) set.insert(parameter.unsafeGetTensorImpl());
  return set;
}

class FrameworkContract : public ::testing::TestWithParam<std::string> {
 protected:
  struct Case {
    std::string name;
    std::shared_ptr<Framework> framework;
    bool trained = false;   // by gradient steps
    bool has_state = true;  // the state slot that the framework reads is filled
  };

  FrameworkContract() {
    context_.use_of_state = {reads(entry(), "state") ? kState : 0, 0, false};
    if (reads(entry(), "augment")) context_.use_of_proposals = {0.1, 0.01};
  }

  const PluginEntry& entry() { return toy::registry().get("framework", GetParam()); }

  // A variant may refuse the state slot and is then tried without a state. The defaults may not
  // refuse it.
  Case make(const toy::Variant& variant) {
    Case made;
    made.name = variant.name;
    try {
      made.framework = make_framework(variant, context_);
    } catch (const ConfigError&) {
      if (variant.name == GetParam()) throw;
      toy::Context stateless = context_;
      stateless.use_of_state = {};
      made.framework = make_framework(variant, stateless);
      made.has_state = false;
    }
    made.trained = !made.framework->groups().empty();
    made.framework->fit(context_.data);
    made.framework->train();
    return made;
  }

  std::shared_ptr<Framework> make_framework(const toy::Variant& variant,
                                            const toy::Context& context) {
    torch::manual_seed(11);
    return entry().framework(variant.values, context);
  }

  std::vector<Case> cases() {
    std::vector<Case> cases;
    for (const toy::Variant& variant : toy::variants(entry())) cases.push_back(make(variant));
    return cases;
  }
  // UsesOnlySlotsThatExist checks that this is so.
  bool is_trained() { return reads(entry(), "train"); }
  static constexpr const char* kUntrained = " is not trained by gradient steps";

  // All training events, with everything that the host gives when all slots are filled.
  Transition transition(const Case& made) {
    Transition t;
    const Tensor event = at::arange(toy::kEvents);
    t.history = context_.data.histories(event);
    t.action = context_.data.item.to(at::kLong);
    t.next = {at::zeros_like(t.history.items), (t.history.length + 1).clamp_max(toy::kHistory),
              event};
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const int64_t length = t.history.length[row].item<int64_t>();
      const Tensor kept = t.history.items[row].narrow(0, 0, length);
      const Tensor all = at::cat({kept, t.action[row].unsqueeze(0)});
      const int64_t size = std::min(length + 1, toy::kHistory);
      t.next.items[row].narrow(0, 0, size).copy_(all.narrow(0, all.size(0) - size, size));
    }
    t.negatives = (t.action.unsqueeze(1) + toy::longs({1, 4}) - 1) % toy::kItems + 1;
    t.reward = at::linspace(0.5, 1.5, toy::kEvents);
    t.negative_reward = at::linspace(-0.5, 0.2, kNegatives * toy::kEvents).view({-1, kNegatives});
    t.done = event.eq(3) + event.eq(5) + event.eq(10);
    if (context_.use_of_state.width > 0 && made.has_state) {
      t.state = at::sin(at::arange(kState * toy::kEvents).to(at::kFloat)).view({-1, kState});
      t.next_state = at::cos(at::arange(kState * toy::kEvents).to(at::kFloat)).view({-1, kState});
    }
    if (context_.use_of_proposals.supervised_weight > 0) {
      t.proposed = (t.action + 1) % toy::kItems + 1;
      t.proposed[2] = 0;  // no proposal for this row
      t.proposed_reward = at::linspace(1, 0.5, toy::kEvents);
    }
    return t;
  }

  static Group group(Framework& framework, const std::string& name) {
    for (const Group& group : framework.groups()) {
      if (group.name == name) return group;
    }
    ADD_FAILURE() << "loss() names the group `" << name << "`, which groups() does not list";
    return {};
  }

  static Tensor scores(Framework& framework, const History& history) {
    torch::NoGradGuard no_grad;
    framework.eval();
    const Tensor scores = framework.score(history).clone();
    framework.train();
    return scores;
  }

  // One plain gradient step of the loss's group; returns the group.
  static Group descend(Framework& framework, const Loss& loss, double rate) {
    for (Tensor& parameter : framework.parameters()) parameter.mutable_grad().reset();
    loss.value.backward();
    const Group stepped = group(framework, loss.group);
    torch::NoGradGuard no_grad;
    for (Tensor parameter : stepped.parameters) {
      if (parameter.grad().defined()) parameter.sub_(parameter.grad(), rate);
    }
    return stepped;
  }

  toy::Context context_;
};

TEST_P(FrameworkContract, UsesOnlySlotsThatExist) {
  const std::set<std::string> slots = {"backbone", "reward",    "state",
                                       "augment",  "negatives", "train"};
  for (const std::string& slot : entry().uses) EXPECT_TRUE(slots.contains(slot)) << slot;
  const bool trained = make(toy::variants(entry())[0]).trained;
  EXPECT_EQ(trained, reads(entry(), "train")) << "what has groups reads `train`";
}

TEST_P(FrameworkContract, GroupsHoldTheParametersOnceOrAllTheSame) {
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    const std::vector<Group> groups = made.framework->groups();
    const auto owned = addresses(made.framework->parameters());
    std::set<std::string> names;
    std::set<const void*> trainable;
    for (const Group& one : groups) {
      EXPECT_TRUE(names.insert(one.name).second) << "two groups are named " << one.name;
      EXPECT_FALSE(one.parameters.empty()) << one.name;
      EXPECT_GE(one.learning_rate, 0) << one.name;
      const auto mine = addresses(one.parameters);
      EXPECT_EQ(mine.size(), one.parameters.size()) << one.name << " holds a parameter twice";
      EXPECT_TRUE(std::includes(owned.begin(), owned.end(), mine.begin(), mine.end()))
          << one.name << " holds what is not registered, so no checkpoint would keep it";
      trainable.insert(mine.begin(), mine.end());
    }
    if (!groups.empty()) {
      EXPECT_EQ(trainable, owned) << "a parameter is in no group";
    }
    if (made.name != GetParam()) continue;  // a variant may share parts between networks
    for (const Group& one : groups) {
      for (const Group& other : groups) {
        const auto a = addresses(one.parameters), b = addresses(other.parameters);
        std::vector<const void*> both;
        std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
        EXPECT_TRUE(both.empty() || a == b) << one.name << " and " << other.name << " overlap";
      }
    }
  }
}

TEST_P(FrameworkContract, LossIsAFiniteScalarInAKnownGroup) {
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    if (!made.trained) {
      EXPECT_THROW(made.framework->loss(transition(made), Step{0, 1}), Error);
      continue;
    }
    for (const int64_t step : steps()) {
      const Loss loss = made.framework->loss(transition(made), Step{step, 1});
      ASSERT_EQ(loss.value.dim(), 0);
      EXPECT_EQ(loss.value.scalar_type(), at::kFloat);
      EXPECT_TRUE(loss.value.requires_grad());
      EXPECT_TRUE(at::isfinite(loss.value).item<bool>());
      EXPECT_EQ(group(*made.framework, loss.group).name, loss.group);
      for (const auto& [metric, value] : loss.metrics) {
        EXPECT_FALSE(value.requires_grad()) << metric;
        EXPECT_EQ(value.numel(), 1) << metric;
        EXPECT_TRUE(at::isfinite(value).all().item<bool>()) << metric;
      }
    }
  }
}

TEST_P(FrameworkContract, LossIsAFunctionOfTransitionAndStep) {
  if (!is_trained()) GTEST_SKIP() << GetParam() << kUntrained;
  const auto first = cases(), again = cases();
  for (size_t i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(first[i].name);
    for (const int64_t index : steps()) {
      const Step step{index, 1};
      const Loss loss = first[i].framework->loss(transition(first[i]), step);
      EXPECT_TRUE(
          toy::near(first[i].framework->loss(transition(first[i]), step).value, loss.value));
      const Loss other = again[i].framework->loss(transition(again[i]), step);
      EXPECT_TRUE(toy::near(other.value, loss.value)) << "a second one with the same seed";
      EXPECT_EQ(other.group, loss.group);
    }
  }
}

TEST_P(FrameworkContract, GradientsReachAllOfTheGroupThatIsSteppedAndNothingElse) {
  if (!is_trained()) GTEST_SKIP() << GetParam() << kUntrained;
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    std::map<std::string, std::set<std::string>> silent;  // by group: never had a gradient
    std::set<std::string> seen, listed;
    for (const Group& group : made.framework->groups()) listed.insert(group.name);
    for (const int64_t step : steps()) {
      for (Tensor& parameter : made.framework->parameters()) parameter.mutable_grad().reset();
      const Loss loss = made.framework->loss(transition(made), Step{step, 1});
      loss.value.backward();
      const auto inside = addresses(group(*made.framework, loss.group).parameters);
      const bool first = seen.insert(loss.group).second;
      for (const auto& parameter : made.framework->named_parameters()) {
        const Tensor& gradient = parameter.value().grad();
        const bool flows = gradient.defined() && gradient.abs().sum().item<double>() > 0;
        if (!inside.contains(parameter.value().unsafeGetTensorImpl())) {
          EXPECT_FALSE(flows) << parameter.key() << " is outside of group " << loss.group;
        } else if (flows) {
          silent[loss.group].erase(parameter.key());
        } else if (first) {
          silent[loss.group].insert(parameter.key());
        }
      }
    }
    for (const auto& [group, parameters] : silent) {
      for (const std::string& parameter : parameters) {
        ADD_FAILURE() << parameter << " of group " << group << " never has a gradient";
      }
    }
    EXPECT_EQ(seen, listed) << "a group is never stepped";
  }
}

TEST_P(FrameworkContract, AStepChangesItsGroupAloneAndTheScoresOnlyIfEvaluated) {
  if (!is_trained()) GTEST_SKIP() << GetParam() << kUntrained;
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    const History history = transition(made).history;
    for (const int64_t step : steps()) {
      std::map<std::string, Tensor> before;
      for (const auto& parameter : made.framework->named_parameters()) {
        before[parameter.key()] = parameter.value().detach().clone();
      }
      const Tensor ranked = scores(*made.framework, history);
      const Group stepped = descend(
          *made.framework, made.framework->loss(transition(made), Step{step, 1}), /*rate=*/0.1);
      const auto inside = addresses(stepped.parameters);
      for (const auto& parameter : made.framework->named_parameters()) {
        if (inside.contains(parameter.value().unsafeGetTensorImpl())) continue;
        EXPECT_TRUE(toy::near(parameter.value(), before[parameter.key()]))
            << parameter.key() << " changed in a step of " << stepped.name;
      }
      const bool same = at::equal(scores(*made.framework, history), ranked);
      EXPECT_NE(same, stepped.evaluated) << "step " << step << " of group " << stepped.name;
    }
  }
}

TEST_P(FrameworkContract, AFewStepsLowerTheLoss) {
  if (!is_trained()) GTEST_SKIP() << GetParam() << kUntrained;
  const Case made = make(toy::variants(entry())[0]);
  std::map<std::string, std::vector<double>> losses;  // by group
  for (int64_t step = 0; step < 200; ++step) {
    const Loss loss = made.framework->loss(transition(made), Step{step, 1});
    losses[loss.group].push_back(loss.value.item<double>());
    descend(*made.framework, loss, /*rate=*/0.3);
  }
  for (const auto& [group, values] : losses) {
    EXPECT_LT(values.back(), 0.8 * values.front()) << "of group " << group;
  }
}

TEST_P(FrameworkContract, ScoresAreFiniteAndOnePerItem) {
  const History history = context_.data.histories(at::arange(toy::kEvents));
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    const Tensor ranked = scores(*made.framework, history);
    EXPECT_EQ(ranked.sizes(), (std::vector<int64_t>{toy::kEvents, toy::kItems}));
    EXPECT_EQ(ranked.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::isfinite(ranked).all().item<bool>());
    EXPECT_TRUE(toy::near(scores(*made.framework, history), ranked)) << "the second time";
    EXPECT_GT(ranked.std().item<double>(), 0) << "all scores are equal";
  }
}

TEST_P(FrameworkContract, ScoresDependOnTheHistoryOfTheirRowAlone) {
  const History history = context_.data.histories(at::arange(toy::kEvents));
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    const Tensor ranked = scores(*made.framework, history);
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const History one = {history.items.narrow(0, row, 1), history.length.narrow(0, row, 1),
                           at::full({1}, -1, at::kLong)};  // evaluation has no events
      EXPECT_TRUE(toy::near(scores(*made.framework, one), ranked.narrow(0, row, 1), 1e-5))
          << "row " << row;
    }
  }
}

TEST_P(FrameworkContract, ScoresBelongToTheHost) {
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    for (const int64_t rows : {int64_t{1}, toy::kEvents}) {
      const History history = context_.data.histories(at::arange(rows));
      const Tensor ranked = scores(*made.framework, history);
      torch::NoGradGuard no_grad;
      made.framework->eval();
      made.framework->score(history).fill_(7);  // as when items are masked in place
      EXPECT_TRUE(toy::near(scores(*made.framework, history), ranked)) << rows << " rows";
    }
  }
}

TEST_P(FrameworkContract, RowsWithoutAProposalAddNothing) {
  if (!reads(entry(), "augment")) GTEST_SKIP() << GetParam() << " does not read proposals";
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    Transition none = transition(made), zero = transition(made);
    none.proposed = none.proposed_reward = Tensor();
    zero.proposed = at::zeros_like(zero.proposed);
    const Step step{3, 1};
    const double without = made.framework->loss(none, step).value.item<double>();
    EXPECT_NEAR(made.framework->loss(zero, step).value.item<double>(), without, 1e-5);
    EXPECT_NE(made.framework->loss(transition(made), step).value.item<double>(), without)
        << "proposals change nothing at all";
  }
}

// `negatives.count: 0`: a framework trains, or refuses it as bad input at its first step.
TEST_P(FrameworkContract, TrainsWithoutSampledItemsOrRefuses) {
  if (!reads(entry(), "negatives")) GTEST_SKIP() << GetParam() << " reads no sampled items";
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    Transition t = transition(made);
    t.negatives = t.negatives.narrow(1, 0, 0);
    t.negative_reward = t.negative_reward.narrow(1, 0, 0);
    for (const int64_t step : steps()) {
      try {
        const Loss loss = made.framework->loss(t, Step{step, 1});
        EXPECT_TRUE(at::isfinite(loss.value).item<bool>());
        for (const auto& [metric, value] : loss.metrics)
          EXPECT_TRUE(at::isfinite(value).all().item<bool>()) << metric;
      } catch (const ConfigError& error) {
        EXPECT_EQ(step, 0) << "accepted at first, then: " << error.what();
        EXPECT_NE(std::string(error.what()).find("negatives.count"), std::string::npos)
            << error.what();
        break;
      }
    }
  }
}

TEST_P(FrameworkContract, DoesNotTouchTheSlotsThatItDoesNotName) {
  if (!is_trained()) GTEST_SKIP() << GetParam() << kUntrained;
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    Transition t = transition(made);
    if (!reads(entry(), "reward")) t.reward = t.negative_reward = t.proposed_reward = Tensor();
    if (!reads(entry(), "negatives")) t.negatives = t.negative_reward = Tensor();
    for (const int64_t step : steps()) {
      const double with_all =
          made.framework->loss(transition(made), {step, 1}).value.item<double>();
      EXPECT_EQ(made.framework->loss(t, {step, 1}).value.item<double>(), with_all);
    }
  }
}

TEST_P(FrameworkContract, TrainsEveryBackboneWithEveryUseOfTheState) {
  if (!reads(entry(), "backbone")) GTEST_SKIP() << GetParam() << " has no backbone";
  for (const std::string& backbone : toy::registry().ids("backbone")) {
    context_.backbone = backbone;
    std::vector<Context::StateUse> uses = {{}};
    if (reads(entry(), "state"))
      uses = {{}, {kState, 0, false}, {kState, 3, false}, {kState, 0, true}};
    for (const Context::StateUse& use : uses) {
      context_.use_of_state = use;
      SCOPED_TRACE(backbone + (use.width == 0 ? "" : use.replace ? ", replaced" : ", joined"));
      const Case made = make(toy::variants(entry())[0]);
      const Loss loss = made.framework->loss(transition(made), Step{0, 1});
      descend(*made.framework, loss, 0.1);
      EXPECT_TRUE(
          at::isfinite(scores(*made.framework, transition(made).history)).all().item<bool>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, FrameworkContract,
                         ::testing::ValuesIn(toy::registry().ids("framework")), toy::test_name);

TEST(FrameworkContracts, CoverTheBundledOnes) {
  EXPECT_THAT(
      toy::registry().ids("framework"),
      ::testing::IsSupersetOf({"lea.graph_text", "lea.item_knn", "lea.markov", "lea.popularity",
                               "lea.reward_weighted", "lea.sa2c", "lea.sac", "lea.snqn", "lea.sqn",
                               "lea.supervised", "lea.vsknn"}));
}

}  // namespace
}  // namespace lea
