// The interfaces that an environment or an augmenter may implement beside that of its kind: a host finds
// them by dynamic_cast, also across libraries.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/api/plugin.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

class Choosing final : public Environment, public Chooser {
 public:
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>&) override {
    return at::zeros(actions.sizes(), at::kFloat);
  }
  int64_t longest_list() const override { return 3; }
  Tensor list_scores(const History&, const Tensor& lists) override {
    return lists.to(at::kFloat).masked_fill(lists.eq(0), -INFINITY);
  }
  Tensor state_scores(const History&, const Tensor& items) override { return items.to(at::kFloat); }
};

class Backwards final : public Augmenter, public ListReader {
 public:
  Tensor propose(const History&, const Tensor& candidates) override {
    return candidates.select(1, candidates.size(1) - 1).clone();
  }
  Tensor lists(const History&, const Tensor& candidates) override { return candidates.flip(1); }
};

TEST(Chooser, IsFoundWhereAnEnvironmentImplementsIt) {
  const std::shared_ptr<Environment> environment = std::make_shared<Choosing>();
  auto* chooser = dynamic_cast<Chooser*>(environment.get());
  ASSERT_TRUE(chooser);
  EXPECT_EQ(chooser->longest_list(), 3);
  const History history = make_history({{1, 2}}, {2});
  const Tensor lists = at::tensor({4L, 5L, 0L}).view({1, 3});
  const Tensor scores = chooser->list_scores(history, lists);
  EXPECT_EQ(scores.argmax(1).item<int64_t>(), 1);
  EXPECT_EQ(scores[0][2].item<float>(), -INFINITY);
}

TEST(Chooser, IsMissingInAnEnvironmentThatOnlyGivesRewards) {
  TestContext context;
  context.data = training_data(7, 4, {{1, 2, 3}});
  const auto predefined = load_plugin("predefined").environment({}, context);
  EXPECT_FALSE(dynamic_cast<Chooser*>(predefined.get()));
}

TEST(ListReader, IsFoundWhereAnAugmenterImplementsIt) {
  const std::shared_ptr<Augmenter> augmenter = std::make_shared<Backwards>();
  auto* reader = dynamic_cast<ListReader*>(augmenter.get());
  ASSERT_TRUE(reader);
  const Tensor candidates = at::tensor({4L, 5L, 6L}).view({1, 3});
  const History history = make_history({{1, 2}}, {2});
  EXPECT_TRUE(reader->lists(history, candidates)
                  .select(1, 0)
                  .equal(augmenter->propose(history, candidates)));
  TestContext context;
  const auto top = load_plugin("augment_top1").augmenter({}, context);
  EXPECT_FALSE(dynamic_cast<ListReader*>(top.get()));
}

TEST(Context, HasNoCandidatesUnlessTheHostSaysHowMany) { EXPECT_EQ(TestContext().candidates(), 0); }

}  // namespace
}  // namespace lea::testing
