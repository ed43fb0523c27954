// The contract of core/api/augmenter.h, for every augmenter that the registry finds.
#include "tests/contract/toy.h"

namespace lea {
namespace {

class AugmenterContract : public ::testing::TestWithParam<std::string> {
 protected:
  struct Case {
    std::string name;
    std::shared_ptr<Augmenter> augmenter;
  };

  std::vector<Case> cases() {
    const PluginEntry& entry = toy::registry().get("augmenter", GetParam());
    std::vector<Case> cases;
    for (const toy::Variant& variant : toy::variants(entry, toy::use(toy::kChooser))) {
      cases.push_back({variant.name, entry.augmenter(variant.values, context_)});
    }
    return cases;
  }

  torch::NoGradGuard no_grad_;
  toy::Context context_;
  History history_ = context_.data.histories(at::arange(toy::kEvents));
  // Row r: the five items after r.
  Tensor candidates_ = (at::arange(toy::kEvents).unsqueeze(1) + at::arange(5)) % toy::kItems + 1;
};

TEST_P(AugmenterContract, ProposesAnItemOrNothingForEachRow) {
  for (const auto& [name, augmenter] : cases()) {
    SCOPED_TRACE(name);
    for (const int64_t count : {1, 5}) {
      const Tensor proposed = augmenter->propose(history_, candidates_.narrow(1, 0, count));
      EXPECT_EQ(proposed.sizes(), std::vector<int64_t>{toy::kEvents});
      EXPECT_EQ(proposed.scalar_type(), at::kLong);
      EXPECT_GE(proposed.min().item<int64_t>(), 0);
      EXPECT_LE(proposed.max().item<int64_t>(), toy::kItems);
    }
  }
}

TEST_P(AugmenterContract, ProposesTheSameAgain) {
  const auto first = cases(), again = cases();
  for (size_t i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(first[i].name);
    const Tensor proposed = first[i].augmenter->propose(history_, candidates_).clone();
    EXPECT_TRUE(toy::near(first[i].augmenter->propose(history_, candidates_), proposed));
    EXPECT_TRUE(toy::near(again[i].augmenter->propose(history_, candidates_), proposed))
        << "a second one with the same seed";
  }
}

TEST_P(AugmenterContract, OtherRowsOfABatchDoNotMatter) {
  for (const auto& [name, augmenter] : cases()) {
    SCOPED_TRACE(name);
    const Tensor proposed = augmenter->propose(history_, candidates_);
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const History one = {history_.items.narrow(0, row, 1), history_.length.narrow(0, row, 1),
                           history_.event.narrow(0, row, 1), history_.place.narrow(0, row, 1)};
      EXPECT_TRUE(toy::near(augmenter->propose(one, candidates_.narrow(0, row, 1)),
                            proposed.narrow(0, row, 1)))
          << "row " << row;
    }
  }
}

TEST_P(AugmenterContract, ProposesItemsOfTheListThatItReads) {
  for (const auto& [name, augmenter] : cases()) {
    SCOPED_TRACE(name);
    auto* reader = dynamic_cast<ListReader*>(augmenter.get());
    if (!reader) continue;
    const Tensor lists = reader->lists(history_, candidates_);
    ASSERT_EQ(lists.sizes(), candidates_.sizes());
    ASSERT_EQ(lists.scalar_type(), at::kLong);
    const Tensor proposed = augmenter->propose(history_, candidates_);
    for (int64_t row = 0; row < toy::kEvents; ++row) {
      const Tensor list = lists[row], filled = list.gt(0);
      const int64_t count = filled.sum().item<int64_t>();
      EXPECT_TRUE(filled.narrow(0, 0, count).all().item<bool>()) << "0 stands last, row " << row;
      for (int64_t place = 0; place < count; ++place) {
        EXPECT_EQ(list.eq(list[place]).sum().item<int64_t>(), 1) << "row " << row;
        EXPECT_TRUE(candidates_[row].eq(list[place]).any().item<bool>()) << "row " << row;
      }
      EXPECT_TRUE(proposed[row].item<int64_t>() == 0 || list.eq(proposed[row]).any().item<bool>())
          << "row " << row;
    }
  }
}

TEST_P(AugmenterContract, ArgumentsStayAsTheyWere) {
  const Tensor items = history_.items.clone(), event = history_.event.clone(),
               candidates = candidates_.clone();
  for (const auto& [name, augmenter] : cases()) {
    SCOPED_TRACE(name);
    augmenter->propose(history_, candidates_).fill_(0);
    EXPECT_TRUE(toy::near(history_.items, items) && toy::near(history_.event, event) &&
                toy::near(candidates_, candidates));
    EXPECT_TRUE(toy::near(context_.data.item, toy::training().item))
        << "what is returned belongs to the host and shares nothing";
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, AugmenterContract,
                         ::testing::ValuesIn(toy::registry().ids("augmenter")), toy::test_name);

TEST(AugmenterContracts, CoverTheBundledOnes) {
  EXPECT_THAT(toy::registry().ids("augmenter"),
              ::testing::IsSupersetOf({"lea.best_reward", "lea.le", "lea.logged", "lea.oracle",
                                       "lea.popular", "lea.random", "lea.table", "lea.top1"}));
}

}  // namespace
}  // namespace lea
