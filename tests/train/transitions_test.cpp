#include "core/train/transitions.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "tests/train/toy.h"

namespace lea::train {
namespace {

class TransitionsTest : public ToyTest {
 protected:
  TransitionsTest() { run_.reward.id = run_.state.id = "toy.environment"; }

  Transitions& transitions() {
    context_ = std::make_unique<HostContext>(run_, data_, split_, lookup());
    transitions_ = std::make_unique<Transitions>(run_, *data_, *context_);
    return *transitions_;
  }
  Transition make(const std::vector<int64_t>& events, const Proposals& proposals = {}) {
    return transitions().make(/*step=*/0, events, proposals);
  }

  std::unique_ptr<HostContext> context_;
  std::unique_ptr<Transitions> transitions_;
};

Tensor longs(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

TEST_F(TransitionsTest, HoldTheLastItemsBeforeAnEventAndTheActionAfterThem) {
  const Transition t = make({0, 2, 4, 7, 9});  // a | c after a b | c after b | d, b of c a d a b
  EXPECT_TRUE(
      t.history.items.equal(torch::tensor({{0, 0}, {1, 2}, {2, 0}, {3, 1}, {4, 1}}, at::kLong)));
  EXPECT_TRUE(t.history.length.equal(longs({0, 2, 1, 2, 2})));
  EXPECT_TRUE(t.history.event.equal(longs({0, 2, 4, 7, 9})));
  EXPECT_TRUE(t.action.equal(longs({1, 3, 3, 4, 2})));
}

TEST_F(TransitionsTest, GoOnWithTheLoggedItemUntilTheSequenceIsDone) {
  const Transition t = make({0, 2, 4, 7, 9});
  EXPECT_TRUE(
      t.next.items.equal(torch::tensor({{1, 0}, {2, 3}, {2, 3}, {1, 4}, {1, 2}}, at::kLong)));
  EXPECT_TRUE(t.next.length.equal(longs({1, 2, 2, 2, 2})));
  EXPECT_TRUE(t.next.event.equal(longs({1, -1, -1, 8, -1})));
  EXPECT_TRUE(t.done.equal(torch::tensor({false, true, true, false, true})));
}

TEST_F(TransitionsTest, EndWhereTheTrainingEventsOfASequenceEnd) {
  // u1 a|b|c, u4 a b|d|d, u5 d c|a|e, u3 c a d|a|b: the last two events of each are kept back; u2
  // is too short for that and stays. Training events: a, a b, b c, d c, c a d.
  spec::SplitSection section;
  section.by = "last_one";
  split_ = std::make_shared<data::Split>(data::make_split(*data_, section));
  const Transition t = make({0, 2, 4, 6, 9});
  EXPECT_TRUE(t.action.equal(longs({1, 2, 3, 3, 4})));
  EXPECT_TRUE(t.done.equal(torch::tensor({true, true, true, true, true})));
  EXPECT_TRUE(t.next.event.equal(longs({-1, -1, -1, -1, -1})));
  EXPECT_TRUE(
      t.next.items.equal(torch::tensor({{1, 0}, {1, 2}, {2, 3}, {4, 3}, {1, 4}}, at::kLong)));
}

TEST_F(TransitionsTest, AskForTheRewardOfEachItemInItsRoleAtItsEvent) {
  const Transition t = make({2, 7});  // logged: c at event 2, d at event 7
  EXPECT_TRUE(t.reward.equal(torch::tensor({230.0f, 740.0f})));
  EXPECT_TRUE(
      t.negative_reward.equal((torch::tensor({{201}, {701}}) + t.negatives * 10).to(at::kFloat)));
  ASSERT_EQ(environment_->asked.size(), 1u);
  EXPECT_EQ(environment_->asked[0],
            (std::vector<Role>{Role::kLogged, Role::kSampled, Role::kSampled}));
}

TEST_F(TransitionsTest, SampleOtherItemsThanTheLoggedOneAfreshEachStep) {
  Transitions& made = transitions();
  std::set<std::vector<int64_t>> drawn;
  for (int64_t step = 0; step < 200; ++step) {
    const Tensor negatives = made.make(step, std::vector<int64_t>{9}, {}).negatives;
    ASSERT_EQ(negatives.sizes(), (std::vector<int64_t>{1, 2}));
    drawn.insert({negatives[0][0].item<int64_t>(), negatives[0][1].item<int64_t>()});
  }
  // The logged item is b (2): 4 x 4 ordered pairs of the others, an item twice included.
  EXPECT_EQ(drawn.size(), 16u);
  for (const auto& pair : drawn) EXPECT_EQ(std::count(pair.begin(), pair.end(), 2), 0);
}

TEST_F(TransitionsTest, AskForTheLoggedItemAloneWhereTheFrameworkReadsNoNegatives) {
  const Transition with = make({2, 7});
  environment_->asked.clear();
  run_.reads_negatives = false;
  const Transition without = make({2, 7});
  EXPECT_EQ(environment_->asked, (std::vector<std::vector<Role>>{{Role::kLogged}}));
  EXPECT_EQ(without.negatives.sizes(), (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(without.negatives.scalar_type(), at::kLong);
  EXPECT_EQ(without.negative_reward.sizes(), (std::vector<int64_t>{2, 0}));
  EXPECT_TRUE(without.reward.equal(with.reward));
  EXPECT_TRUE(without.state.equal(with.state));
}

TEST_F(TransitionsTest, NeedTwoItemsOnlyWhereNegativesAreRead) {
  data_ = import({{"u1", "aa"}, {"u2", "a"}, {"u3", "a"}}, "single");
  split_ = split({{"u1", "train"}, {"u2", "valid"}, {"u3", "test"}});
  run_.data.name = "single";
  try {
    transitions();
    FAIL() << "negatives without another item";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "data single: negatives need at least two items");
  }
  run_.reads_negatives = false;
  EXPECT_TRUE(make({0, 1}).action.equal(longs({1, 1})));
}

TEST_F(TransitionsTest, CarryTheEnvironmentsStateBeforeAndAfter) {
  const Transition t = make({0, 4, 7});
  EXPECT_TRUE(t.state.equal(torch::tensor({{0.f, 0.f}, {1.f, 2.f}, {2.f, 1.f}})));
  EXPECT_TRUE(t.next_state.equal(torch::tensor({{1.f, 1.f}, {2.f, 3.f}, {2.f, 4.f}})));
}

TEST_F(TransitionsTest, LeaveUndefinedWhatTheRunDoesNotHave) {
  run_.reward.id = run_.state.id = "";
  const Transition t = make({1});
  EXPECT_FALSE(t.reward.defined());
  EXPECT_FALSE(t.negative_reward.defined());
  EXPECT_FALSE(t.state.defined());
  EXPECT_FALSE(t.proposed.defined());
  EXPECT_EQ(t.negatives.sizes(), (std::vector<int64_t>{1, 2}));
}

TEST_F(TransitionsTest, HandOutProposalsByEvent) {
  const Proposals proposals{torch::arange(10, 20, at::kInt), torch::arange(10, at::kFloat) / 2};
  const Transition t = make({3, 8}, proposals);
  EXPECT_TRUE(t.proposed.equal(longs({13, 18})));
  EXPECT_TRUE(t.proposed_reward.equal(torch::tensor({1.5f, 4.0f})));
}

}  // namespace
}  // namespace lea::train
