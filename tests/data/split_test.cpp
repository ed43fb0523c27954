#include <gmock/gmock.h>

#include "core/data/counter_random.h"
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using testing::HasSubstr;

class SplitTest : public Scratch {
 protected:
  // Sequence i has `lengths[i]` events. All times differ, and those of the sequences interleave.
  std::shared_ptr<const Dataset> sequences(const std::vector<int>& lengths,
                                           const std::string& name = "toy") {
    std::string rows;
    for (size_t s = 0; s < lengths.size(); ++s) {
      for (int i = 0; i < lengths[s]; ++i) {
        rows += join("u", s, "\ti", i, "\t", 100 + 10 * i + static_cast<int>(s), "\n");
      }
    }
    return import_rows(rows, {}, name);
  }

  spec::SplitSection by(const std::string& what) {
    spec::SplitSection section;
    section.by = what;
    return section;
  }

  std::string refusal_of_split(const Dataset& data, const spec::SplitSection& section) {
    return refusal_of([&] { make_split(data, section); });
  }
};

TEST_F(SplitTest, KeepsASequenceInOnePart) {
  const auto data = sequences(std::vector<int>(20, 3));
  const std::string parts = letters(*data, make_split(*data, by("sequence")));
  EXPECT_THAT(parts, testing::MatchesRegex("((ttt|vvv|xxx)\\|)*(ttt|vvv|xxx)"));
  EXPECT_EQ(std::count(parts.begin(), parts.end(), 't'), 48);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), 'v'), 6);
}

TEST_F(SplitTest, DependsOnTheSeedAlone) {
  const auto data = sequences(std::vector<int>(50, 1));
  spec::SplitSection section = by("sequence");
  const Split first = make_split(*data, section), again = make_split(*data, section);
  EXPECT_EQ(first.part, again.part);
  EXPECT_EQ(first.fingerprint, again.fingerprint);
  section.seed = 2;
  const Split other = make_split(*data, section);
  EXPECT_NE(first.part, other.part);
  EXPECT_NE(first.fingerprint, other.fingerprint);
}

TEST_F(SplitTest, RoundsSharesLikeTheRealNumbersThatTheyMean) {
  const auto data = sequences(std::vector<int>(10, 1));
  spec::SplitSection section = by("sequence");
  section.ratios = {0.7, 0.1, 0.2};  // 0.7 + 0.1 is below 0.8 in doubles
  const Split split = make_split(*data, section);
  EXPECT_EQ(split.count(Part::kTrain), 7);
  EXPECT_EQ(split.count(Part::kValid), 1);
  EXPECT_EQ(split.count(Part::kTest), 2);
}

TEST_F(SplitTest, LeavesTheLastOneOutOfLongEnoughSequences) {
  const auto data = sequences({1, 2, 3, 5});
  EXPECT_EQ(letters(*data, make_split(*data, by("last_one"))), "t|tt|tvx|tttvx");
}

TEST_F(SplitTest, CutsAtGivenTimes) {
  const auto data = sequences({3, 3});
  spec::SplitSection section = by("time");
  section.valid_from = 110;
  section.test_from = 121;
  EXPECT_EQ(letters(*data, make_split(*data, section)), "tvv|tvx");
}

TEST_F(SplitTest, CutsAtTheTimestampZeroByTheLargestNumberBelowIt) {
  const auto data = import_rows("a\tx\t-50\na\ty\t-20\nb\ty\t-3\nb\tx\t0\nc\tx\t4\nc\ty\t9\n");
  spec::SplitSection section = by("time");
  section.valid_from = -5e-324;
  section.test_from = 5;
  EXPECT_EQ(letters(*data, make_split(*data, section)), "tt|tv|vx");
}

TEST_F(SplitTest, NeverDividesEqualTimes) {
  const auto data = import_rows("u\ta\t1\nv\ta\t5\nw\ta\t5\nx\ta\t5\ny\ta\t7\nz\ta\t9\n");
  spec::SplitSection section = by("time");
  section.ratios = {0.4, 0.3, 0.3};  // the cut falls among the fives
  EXPECT_EQ(letters(*data, make_split(*data, section)), "t|v|v|v|x|x");
}

TEST_F(SplitTest, RefusesTimeThatIsAPosition) {
  const auto data = import_rows("u\ta\t0\nu\tb\t1\n");
  EXPECT_THAT(refusal_of_split(*data, by("time")), HasSubstr("its timestamps are only positions"));
}

TEST_F(SplitTest, ReadsPartsFromAFile) {
  const auto data = sequences({2, 1, 1});
  spec::SplitSection section = by("file");
  section.path = write("split.tsv", "user_id\tpart\nu1\tvalid\nu0\ttrain\nu2\ttest\n");
  EXPECT_EQ(letters(*data, make_split(*data, section)), "tt|v|x");
}

TEST_F(SplitTest, RefusesWrongFiles) {
  const auto data = sequences({2, 1, 1});
  spec::SplitSection section = by("file");
  EXPECT_THAT(refusal_of_split(*data, section), HasSubstr("split.path must name a TSV"));
  section.path = write("split.tsv", "user_id\tpart\nu1\tvalid\nu0\ttrain\n");
  EXPECT_EQ(refusal_of_split(*data, section),
            "split.tsv: gives no part to 1 sequence, the first is `u2`.");
  write("split.tsv", "user_id\tpart\nu1\tvalid\nu1\ttrain\nu9\ttest\nu0\ttrian\n");
  const std::string message = refusal_of_split(*data, section);
  EXPECT_THAT(message, HasSubstr("split.tsv:3:1: sequence `u1` has a second row."));
  EXPECT_THAT(message, HasSubstr("split.tsv:4:1: the data set has no sequence `u9`."));
  EXPECT_THAT(message,
              HasSubstr("split.tsv:5:4: the part must be train, valid or test, but is `trian`."));
  write("split.tsv", "user\tpart\n");
  EXPECT_THAT(refusal_of_split(*data, section), HasSubstr("split.tsv:1:1: the header must be"));
}

TEST_F(SplitTest, RefusesRatiosThatAreNoShares) {
  const auto data = sequences({1, 1, 1});
  spec::SplitSection section = by("sequence");
  for (const std::vector<double>& ratios : {std::vector<double>{0.8, 0.2},
                                            {0.8, 0.1, 0.2},
                                            {0, 0.5, 0.5},
                                            {1.2, -0.1, -0.1},
                                            {NAN, 0.5, 0.5}}) {
    section.ratios = ratios;
    EXPECT_THAT(refusal_of_split(*data, section), HasSubstr("split.ratios must be three shares"));
  }
}

TEST_F(SplitTest, RefusesAnEmptyPartUnlessItsShareIsZero) {
  const auto data = sequences({1, 1, 1});
  spec::SplitSection section = by("sequence");
  EXPECT_THAT(refusal_of_split(*data, section), HasSubstr("leaves no interaction for valid"));
  section.ratios = {0.7, 0, 0.3};
  EXPECT_EQ(make_split(*data, section).count(Part::kValid), 0);
}

TEST_F(SplitTest, OrdersThePartsOfEverySequence) {
  const auto data = sequences({9, 4, 7, 3, 8});
  for (const char* what : {"last_one", "time"}) {
    const Split split = make_split(*data, by(what));
    for (const Part part : {Part::kTrain, Part::kValid, Part::kTest})
      ASSERT_GT(split.count(part), 0) << what;
    for (int64_t s = 0; s < data->sequences(); ++s) {
      EXPECT_TRUE(std::is_sorted(split.part.begin() + static_cast<int64_t>(data->offsets()[s]),
                                 split.part.begin() + static_cast<int64_t>(data->offsets()[s + 1])))
          << what << ", sequence " << s;
    }
  }
}

TEST_F(SplitTest, ListsEventsWithTheirSequences) {
  const auto data = sequences({1, 4, 3});
  const Split split = make_split(*data, by("last_one"));
  const auto test = events_of(split, Part::kTest);
  EXPECT_THAT(test, testing::ElementsAre(4, 7));
  EXPECT_THAT(sequences_of(*data, test), testing::ElementsAre(1, 2));
  EXPECT_THAT(sequences_of(*data, events_of(split, Part::kTrain)),
              testing::ElementsAre(0, 1, 1, 2));
}

TEST(CounterRandom, DrawsEvenly) {
  CounterRandom random(3);
  std::vector<int> count(7);
  for (int i = 0; i < 70000; ++i) ++count[random.below(7)];
  for (const int n : count) EXPECT_NEAR(n, 10000, 500);  // five standard deviations
}

}  // namespace
}  // namespace lea::data
