// The batches of the fine-tuning and their sampled items.
#include "plugins/tuning/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/train/sampler.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

class Batches : public testing::Test {
 protected:
  const TrainingData training_ = training_of(users());
};

TEST_F(Batches, TakeEachEventWithAHistoryOnceInAnEpoch) {
  for (const char* of : {"events", "sequences"}) {
    TuningBatches batches(tiny_settings({{"batch_of", of}, {"batch_size", 3}, {"epochs", 2}}),
                          training_);
    const int64_t units = std::string(of) == "events" ? 17 : 5;
    ASSERT_EQ(batches.steps(), 2 * ((units + 2) / 3));
    std::vector<std::multiset<int64_t>> epochs(2);
    for (int64_t step = 0; step < batches.steps(); ++step) {
      for (const TuningRow& row : batches.rows(step)) {
        epochs[static_cast<size_t>(step >= batches.steps() / 2)].insert(row.event);
        EXPECT_GE(row.end, 1);
        EXPECT_EQ(row.event, training_.offset[row.sequence].item<int64_t>() + row.end);
      }
    }
    std::multiset<int64_t> due;
    for (int64_t event = 0; event < training_.events(); ++event) {
      if (training_.offset.eq(event).any().item<bool>()) continue;
      due.insert(event);
    }
    EXPECT_EQ(epochs[0], due) << of;
    EXPECT_EQ(epochs[1], due) << of;
  }
}

TEST_F(Batches, AreTheSameForAStepWhateverWasAskedBefore) {
  const Settings settings = tiny_settings({{"batch_size", 4}});
  TuningBatches one(settings, training_), other(settings, training_);
  for (const int64_t step : {0, 1, 2, 9, 30}) one.rows(step);
  const auto a = one.rows(17), b = other.rows(17);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].event, b[i].event);
  EXPECT_TRUE(at::equal(one.negatives(17, a), other.negatives(17, b)));
}

TEST_F(Batches, DrawNegativesOutsideOfTheSequence) {
  for (const double power : {0.0, 1.0}) {
    TuningBatches batches(
        tiny_settings({{"batch_size", 17}, {"negatives", 3}, {"popularity_power", power}}),
        training_);
    std::set<int64_t> drawn;
    for (int64_t step = 0; step < 50; ++step) {
      const auto rows = batches.rows(step);
      const at::Tensor negatives = batches.negatives(step, rows);
      ASSERT_EQ(negatives.sizes(), (std::vector<int64_t>{17, 3}));
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto own = users()[static_cast<size_t>(rows[i].sequence)];
        for (int64_t k = 0; k < 3; ++k) {
          const int64_t item = negatives[static_cast<int64_t>(i)][k].item<int64_t>();
          drawn.insert(item);
          EXPECT_THAT(own, testing::Not(testing::Contains(item)));
        }
      }
    }
    EXPECT_EQ(drawn.size(), 12U);  // every item is drawn somewhere
  }
}

TEST_F(Batches, DrawOtherItemsThanThePoolOfTheSameSeed) {
  spec::NegativesSection section;
  section.from = "pool";
  section.pool = 3;
  section.exclude = "sequence";  // the same items are allowed in both
  section.seed = 5;
  const at::Tensor pool = train::draw_pool(section, training_);
  for (const bool fixed : {true, false}) {
    TuningBatches batches(
        tiny_settings(
            {{"batch_size", 17}, {"negatives", 3}, {"seed", 5}, {"fixed_negatives", fixed}}),
        training_);
    const auto rows = batches.rows(0);
    const at::Tensor negatives = batches.negatives(0, rows);
    int64_t equal = 0;
    for (size_t i = 0; i < rows.size(); ++i)
      equal += (negatives[static_cast<int64_t>(i)] == pool[rows[i].event]).sum().item<int64_t>();
    EXPECT_LT(equal, 26) << "of 51; by chance at most one in five";
  }
}

TEST_F(Batches, KeepTheNegativesOfAnEventWhenTheyAreFixed) {
  TuningBatches batches(tiny_settings({{"batch_size", 17}, {"fixed_negatives", true}}), training_);
  const auto first = batches.rows(0), later = batches.rows(5);  // sorted: the same rows
  EXPECT_TRUE(at::equal(batches.negatives(0, first), batches.negatives(5, later)));
}

TEST_F(Batches, RefuseDataWithoutHistories) {
  EXPECT_THROW(TuningBatches(tiny_settings(), training_of({{1}, {2}})), DataError);
  EXPECT_EQ(TuningBatches(tiny_settings({{"epochs", 0}}), training_of({{1}, {2}})).steps(), 0);
}

TEST_F(Batches, RefuseASequenceWithAllItems) {
  TuningBatches batches(tiny_settings(), training_of({{1, 2, 3}}, /*items=*/3));
  EXPECT_THROW(batches.negatives(0, batches.rows(0)), DataError);
}

}  // namespace
}  // namespace lea::le
