// Runs whose test part stays closed, and the opening of it.
#include <filesystem>
#include <functional>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/eval/ranks.h"
#include "tests/train/training.h"

namespace lea::train {
namespace {

class ClosedTest : public TrainerTest {
 protected:
  ClosedTest() {
    run_.train.max_steps = 3;
    run_.train.validate_every = 1;
  }
  using Check = std::function<void(const eval::RankFile&)>;
  Outcome open_test(const Check& check = [](const eval::RankFile&) {}) {
    return train::open_test(run_, data_, split_, lookup(), paths(), listener_, check);
  }
  void expect_no_test_files() const {
    EXPECT_FALSE(std::filesystem::exists(paths().ranks));
    EXPECT_FALSE(std::filesystem::exists(paths().top));
  }
};

TEST_F(ClosedTest, RanksValidationAndNeverTheTestPart) {
  run_.evaluate.test = false;
  prepare_ = [this](ToyFramework& framework) {
    framework.on_score = [this](const History& history) {
      // The test part is sequence u5: d c a e. No other sequence begins with d.
      EXPECT_FALSE(history.items.select(1, 0).eq(4).any().item<bool>());
      const Tensor place = at::arange(5, at::kFloat);
      return (place - framework_->w.round()).square().neg().expand({history.items.size(0), 5});
    };
  };
  const Outcome outcome = train();
  expect_no_test_files();
  EXPECT_EQ(listener_.tests, 0);
  EXPECT_TRUE(outcome.test.empty());
  EXPECT_EQ(outcome.ranks_sha256 + outcome.top_sha256, "");
  EXPECT_EQ(outcome.valid.at("hr@1"), 0.5);
  EXPECT_EQ(outcome.valid_ranks_sha256, sha256_file(paths().valid_ranks));
  EXPECT_EQ(listener_.phases.back(), "valid");
}

TEST_F(ClosedTest, OpenedLaterEqualsOneThatWasOpenFromTheStart) {
  const Outcome open = train();
  const std::string ranks = read_file(paths().ranks), top = read_file(paths().top),
                    valid = read_file(paths().valid_ranks),
                    best = read_file(paths().checkpoint + "/best.safetensors");
  for (const auto& file : {paths().checkpoint, paths().ranks, paths().top, paths().valid_ranks})
    std::filesystem::remove_all(file);

  run_.evaluate.test = false;
  train();
  EXPECT_EQ(read_file(paths().valid_ranks), valid);
  EXPECT_EQ(read_file(paths().checkpoint + "/best.safetensors"), best);
  run_.evaluate.test = true;
  const size_t records = listener_.records.size();
  const Outcome later = open_test();
  EXPECT_EQ(listener_.records.size(), records) << "nothing was trained";
  EXPECT_EQ(read_file(paths().ranks), ranks);
  EXPECT_EQ(read_file(paths().top), top);
  EXPECT_EQ(read_file(paths().valid_ranks), valid);
  EXPECT_EQ(later.test, open.test);
  EXPECT_EQ(later.ranks_sha256, open.ranks_sha256);
  EXPECT_EQ(later.top_sha256, open.top_sha256);
  EXPECT_EQ(later.tie_share, open.tie_share);
  EXPECT_EQ(later.collapsed, open.collapsed);
}

TEST_F(ClosedTest, StaysClosedWhenTheKeptNetworkIsRefused) {
  run_.evaluate.test = false;
  train();
  run_.evaluate.test = true;
  std::string ranked;
  const auto refuse = [&](const eval::RankFile& valid) {
    ranked = eval::encode_ranks(valid);
    throw DataError("another network");
  };
  EXPECT_THROW(open_test(refuse), DataError);
  EXPECT_EQ(ranked, read_file(paths().valid_ranks)) << "the kept network was asked";
  EXPECT_EQ(listener_.tests, 0);
  expect_no_test_files();
}

TEST_F(ClosedTest, StaysClosedWithoutTheKeptNetwork) {
  run_.evaluate.test = false;
  train();
  run_.evaluate.test = true;
  std::filesystem::remove(paths().checkpoint + "/best.safetensors");
  EXPECT_THROW(open_test(), Error);
  expect_no_test_files();
}

TEST_F(ClosedTest, IsNotRankedWhenItsReadingCannotBeRecorded) {
  listener_.refuse_test = true;
  EXPECT_THROW(train(), StoreError);
  expect_no_test_files();
}

}  // namespace
}  // namespace lea::train
