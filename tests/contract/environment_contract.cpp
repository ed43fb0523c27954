// The contract of core/api/environment.h, for every environment that the registry finds.
#include <map>

#include "tests/contract/toy.h"

namespace lea {
namespace {

// Environments whose rewards may depend on the roles, each with its reason. Every other environment
// counts as learned. A learned environment must ignore the roles, because they show which item is
// the logged one.
const std::map<std::string, std::string> kReadsRoles = {
    {"lea.predefined", "its rewards are a constant for each role"},
    {"lea.class_mean", "its rewards are a mean for each role"},
    {"lea.shuffled", "moves the rewards of logged items among logged items"},
};

// It permutes the rewards among the columns of an event, so the number of columns matters.
bool reads_other_columns(const std::string& name) {
  return name.starts_with("lea.shuffled scope=pooled");
}

class EnvironmentContract : public ::testing::TestWithParam<std::string> {
 protected:
  struct Case {
    std::string name;
    std::shared_ptr<Environment> environment;
  };

  const PluginEntry& entry() { return toy::registry().get("environment", GetParam()); }

  // A new environment of each variant, in a run without a pool and in one with a pool.
  std::vector<Case> cases() {
    std::vector<Case> cases;
    for (const toy::Variant& variant : toy::variants(entry())) {
      if (!entry().needs_pool)
        cases.push_back({variant.name, context_.environment(entry(), variant.values)});
      cases.push_back(
          {variant.name + " with a pool", with_pool_.environment(entry(), variant.values)});
    }
    return cases;
  }

  static History slice(const History& history, int64_t first, int64_t count) {
    return {history.items.narrow(0, first, count), history.length.narrow(0, first, count),
            history.event.narrow(0, first, count), history.place.narrow(0, first, count)};
  }

  torch::NoGradGuard no_grad_;
  EnvironmentContract() { with_pool_.negatives = toy::whole_pool(); }

  toy::Context context_, with_pool_;
  // An empty history, a middle one, the last of a sequence, a full one.
  History history_ = context_.data.histories(toy::longs({0, 2, 5, 10}));
  Tensor actions_ = toy::longs({1, 4, 8, 3, 1, 2, 6, 7, 7, 7, 6, 5}).view({4, 3});
  std::vector<Role> roles_ = {Role::kLogged, Role::kSampled, Role::kProposed};
};

TEST_P(EnvironmentContract, RewardsAreFiniteFloatsOfTheActionsShape) {
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor rewards = environment->reward(history_, actions_, roles_);
    EXPECT_EQ(rewards.sizes(), actions_.sizes());
    EXPECT_EQ(rewards.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::isfinite(rewards).all().item<bool>()) << rewards;
    EXPECT_FALSE(rewards.requires_grad());
  }
}

// With `negatives.count: 0` the host asks for the reward of the logged item alone, and when it
// refreshes the proposals, for that of the proposed item alone.
TEST_P(EnvironmentContract, OneItemCanBeAskedForAlone) {
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor together = environment->reward(history_, actions_, roles_);
    for (int64_t k = 0; k < std::ssize(roles_); ++k) {
      const Tensor alone = environment->reward(history_, actions_.narrow(1, k, 1), {roles_[k]});
      EXPECT_EQ(alone.sizes(), (std::vector<int64_t>{4, 1}));
      EXPECT_TRUE(at::isfinite(alone).all().item<bool>()) << alone;
      if (reads_other_columns(name)) continue;
      EXPECT_TRUE(toy::near(alone, together.narrow(1, k, 1), 1e-6)) << "column " << k;
    }
  }
}

TEST_P(EnvironmentContract, NoItemsHaveNoRewards) {
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor rewards = environment->reward(history_, actions_.narrow(1, 0, 0), {});
    EXPECT_EQ(rewards.sizes(), (std::vector<int64_t>{4, 0}));
    EXPECT_EQ(rewards.scalar_type(), at::kFloat);
  }
}

TEST_P(EnvironmentContract, RewardsArePureFunctions) {
  const auto first = cases(), again = cases();
  for (size_t i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(first[i].name);
    const Tensor rewards = first[i].environment->reward(history_, actions_, roles_).clone();
    first[i].environment->reward(slice(history_, 1, 2), actions_.narrow(0, 0, 2), roles_);
    EXPECT_TRUE(toy::near(first[i].environment->reward(history_, actions_, roles_), rewards));
    EXPECT_TRUE(toy::near(again[i].environment->reward(history_, actions_, roles_), rewards))
        << "a second one with the same seed";
  }
}

TEST_P(EnvironmentContract, OtherRowsOfABatchDoNotMatter) {
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor rewards = environment->reward(history_, actions_, roles_);
    for (int64_t row = 0; row < actions_.size(0); ++row) {
      EXPECT_TRUE(toy::near(
          environment->reward(slice(history_, row, 1), actions_.narrow(0, row, 1), roles_),
          rewards.narrow(0, row, 1), 1e-6))
          << "row " << row;
    }
  }
}

TEST_P(EnvironmentContract, ArgumentsStayAsTheyWere) {
  const Tensor items = history_.items.clone(), length = history_.length.clone(),
               event = history_.event.clone(), actions = actions_.clone();
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    environment->reward(history_, actions_, roles_);
    EXPECT_TRUE(toy::near(history_.items, items) && toy::near(history_.length, length) &&
                toy::near(history_.event, event) && toy::near(actions_, actions));
  }
}

TEST_P(EnvironmentContract, RolesDoNotMatterUnlessItIsListedWithAReason) {
  if (const auto reason = kReadsRoles.find(GetParam()); reason != kReadsRoles.end()) {
    GTEST_SKIP() << GetParam() << " may read the roles: " << reason->second;
  }
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor rewards = environment->reward(history_, actions_, roles_);
    for (const Role role : {Role::kLogged, Role::kSampled, Role::kProposed}) {
      EXPECT_TRUE(
          toy::near(environment->reward(history_, actions_, {role, role, role}), rewards, 1e-6))
          << "all three as role " << int64_t(role);
    }
  }
}

TEST_P(EnvironmentContract, HistoriesOutsideTrainingHaveRewards) {
  const Tensor none = at::full({4}, -1, at::kLong);
  const History outside = {history_.items, history_.length, none, none};
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const Tensor rewards = environment->reward(outside, actions_, roles_);
    EXPECT_EQ(rewards.sizes(), actions_.sizes());
    EXPECT_TRUE(at::isfinite(rewards).all().item<bool>());
  }
}

TEST_P(EnvironmentContract, StatesHaveTheirDeclaredWidth) {
  for (const auto& [name, environment] : cases()) {
    SCOPED_TRACE(name);
    const int64_t width = environment->state_width();
    if (width == 0) {
      EXPECT_THROW(environment->state(history_), Error);
      continue;
    }
    EXPECT_TRUE(entry().gives_state) << "a class with states declares kGivesState";
    const Tensor states = environment->state(history_);
    EXPECT_EQ(states.sizes(), (std::vector<int64_t>{4, width}));
    EXPECT_EQ(states.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::isfinite(states).all().item<bool>());
    EXPECT_TRUE(toy::near(environment->state(history_), states));
    EXPECT_TRUE(toy::near(environment->state(slice(history_, 1, 1)), states.narrow(0, 1, 1), 1e-5));
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EnvironmentContract,
                         ::testing::ValuesIn(toy::registry().ids("environment")), toy::test_name);

TEST(EnvironmentContracts, CoverTheBundledOnes) {
  EXPECT_THAT(
      toy::registry().ids("environment"),
      ::testing::IsSupersetOf({"lea.class_mean", "lea.cooccurrence", "lea.item_mean",
                               "lea.item_vectors", "lea.le", "lea.matched", "lea.oracle",
                               "lea.popularity", "lea.predefined", "lea.random", "lea.shuffled",
                               "lea.standardised", "lea.table", "lea.text_gru", "lea.text_tfidf"}));
  for (const auto& [id, reason] : kReadsRoles) {
    EXPECT_NO_THROW(toy::registry().get("environment", id)) << "listed, but gone";
  }
}

}  // namespace
}  // namespace lea
