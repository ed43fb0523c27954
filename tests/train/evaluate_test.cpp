#include "core/train/evaluate.h"

#include <numeric>
#include <set>

#include "core/base/error.h"
#include "tests/train/toy.h"

namespace lea::train {
namespace {

using data::Part;

class EvaluatorTest : public ToyTest {
 protected:
  eval::RankFile rank(Part part) {
    ToyFramework framework(data_->items());
    framework.on_score = score_;
    return Evaluator(data_, split_, history_, at::kCPU).rank(framework, part, [] { return true; });
  }
  // a 5, b 3, c 3, d 1, e 0 for every history.
  std::function<Tensor(const History&)> score_ = [](const History& history) {
    return torch::tensor({5.f, 3.f, 3.f, 1.f, 0.f}).expand({history.items.size(0), 5});
  };
  int64_t history_ = 2;
};

using Row = std::vector<uint32_t>;
Row row_of(const eval::RankRecord& r) {
  return {r.sequence, r.position, r.target,      r.popularity,
          r.rank,     r.ties,     r.rank_unseen, r.ties_unseen};
}
std::vector<Row> rows_of(const eval::RankFile& file) {
  std::vector<Row> rows;
  for (const eval::RankRecord& record : file.records) rows.push_back(row_of(record));
  return rows;
}

TEST_F(EvaluatorTest, RanksEveryEventOfAPartAmongAllItemsAndAmongUnseenOnes) {
  // Columns: sequence, position, target, its training events; rank, ties; the same among unseen.
  EXPECT_EQ(rows_of(rank(Part::kValid)),  // u4: a b d d
            (std::vector<Row>{{1, 0, 1, 3, 1, 0, 1, 0},
                              {1, 1, 2, 3, 2, 1, 1, 1},    // a above, c equal; a was seen
                              {1, 2, 4, 1, 4, 0, 2, 0},    // of a b c above, only c is unseen
                              {1, 3, 4, 1, 4, 0, 2, 0}}))  // d itself was seen and still ranks
      << "u4";
  EXPECT_EQ(rows_of(rank(Part::kTest)),  // u5: d c a e
            (std::vector<Row>{{3, 0, 4, 1, 4, 0, 4, 0},
                              {3, 1, 3, 3, 2, 1, 2, 1},
                              {3, 2, 1, 3, 1, 0, 1, 0},
                              {3, 3, 5, 0, 5, 0, 2, 0}}))  // b alone is unseen
      << "u5";
}

TEST_F(EvaluatorTest, NamesTheDataAndTheSplit) {
  const eval::RankFile file = rank(Part::kTest);
  EXPECT_EQ(file.data_fingerprint, data_->fingerprint());
  EXPECT_EQ(file.split_fingerprint, split_->fingerprint);
  EXPECT_EQ(file.items, 5u);
}

TEST_F(EvaluatorTest, ShowsTheLastItemsAndNoTrainingEvent) {
  std::vector<History> shown;
  const auto scores = score_;
  score_ = [&](const History& history) {
    shown.push_back(history);
    return scores(history);
  };
  rank(Part::kValid);
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_TRUE(shown[0].items.equal(torch::tensor({{0, 0}, {1, 0}, {1, 2}, {2, 4}}, at::kLong)));
  EXPECT_TRUE(shown[0].length.equal(torch::tensor({0, 1, 2, 2}, at::kLong)));
  EXPECT_TRUE(shown[0].event.equal(torch::full({4}, -1, at::kLong)));
}

TEST_F(EvaluatorTest, ShowsTheValidationEventToTheTestEventOfASequence) {
  spec::SplitSection section;
  section.by = "last_one";
  split_ = std::make_shared<data::Split>(data::make_split(*data_, section));
  const auto scores = score_;
  History shown;
  score_ = [&](const History& history) {
    shown = history;
    return scores(history);
  };
  rank(Part::kTest);  // c after a b, d after b d, e after c a, b after d a
  EXPECT_TRUE(shown.items.equal(torch::tensor({{1, 2}, {2, 4}, {3, 1}, {4, 1}}, at::kLong)));
}

TEST_F(EvaluatorTest, RanksInEvaluationModeAndLeavesTheModeAsItWas) {
  ToyFramework framework(5);
  bool training = true;
  framework.on_score = [&](const History& history) {
    training = framework.is_training();
    return score_(history);
  };
  framework.train();
  Evaluator(data_, split_, 2, at::kCPU).rank(framework, Part::kTest, [] { return true; });
  EXPECT_FALSE(training);
  EXPECT_TRUE(framework.is_training());
}

TEST_F(EvaluatorTest, RefusesNaNAndNamesTheEvent) {
  score_ = [](const History& history) {
    Tensor scores = at::zeros({history.items.size(0), 5});
    scores[2][4].fill_(NAN);
    return scores;
  };
  try {
    rank(Part::kTest);
    FAIL() << "NaN was ranked";
  } catch (const PluginError& error) {
    EXPECT_STREQ(error.what(),
                 "framework at score(): gave NaN for sequence 3, position 2: the run has diverged");
  }
}

TEST_F(EvaluatorTest, RefusesScoresOfAnotherShape) {
  score_ = [](const History& history) { return at::zeros({history.items.size(0), 6}); };
  try {
    rank(Part::kTest);
    FAIL() << "six scores for five items";
  } catch (const PluginError& error) {
    EXPECT_STREQ(error.what(),
                 "framework at score(): must give Float [4, 5], but gave Float [4, 6]");
  }
}

// Many sequences, more events than one chunk holds, repeated items and ties: each rank against
// sets and a loop.
TEST_F(EvaluatorTest, AgreesWithACountByHand) {
  data_ = data::import_dataset(folder_, "many",
                               LEA_SOURCE_DIR "/tests/golden/data/interactions.tsv", {});
  spec::SplitSection section;
  section.ratios = {0.05, 0.05, 0.9};
  split_ = std::make_shared<data::Split>(data::make_split(*data_, section));
  const int64_t items = data_->items();
  // Seven levels, by the length of the history, its last item and the item.
  const auto level = [](int64_t length, int64_t last, int64_t item) {
    return static_cast<float>(mix(length, last, item) % 7);
  };
  history_ = 4;
  score_ = [&](const History& history) {
    const Tensor scores = at::empty({history.items.size(0), items});
    for (int64_t row = 0; row < scores.size(0); ++row) {
      const int64_t length = history.length[row].item<int64_t>();
      const int64_t last = length ? history.items[row][length - 1].item<int64_t>() : 0;
      for (int64_t j = 0; j < items; ++j)
        scores.mutable_data_ptr<float>()[row * items + j] = level(length, last, j + 1);
    }
    return scores;
  };
  const eval::RankFile file = rank(Part::kTest);
  ASSERT_GT(file.records.size(), 256u);
  std::vector<Row> expected;
  for (int64_t s = 0; s < data_->sequences(); ++s) {
    const auto begin = static_cast<int64_t>(data_->offsets()[s]);
    const auto end = static_cast<int64_t>(data_->offsets()[s + 1]);
    for (int64_t event = begin; event < end; ++event) {
      if (split_->part[event] != uint8_t(Part::kTest)) continue;
      const auto item = data_->item();
      const int64_t target = item[event], length = std::min<int64_t>(event - begin, 4);
      const int64_t last = length ? item[event - 1] : 0;
      const std::set<int64_t> seen(item.begin() + begin, item.begin() + event);
      Row row = {uint32_t(s), uint32_t(event - begin), uint32_t(target), 0, 1, 0, 1, 0};
      for (size_t other = 0; other < split_->part.size(); ++other)
        row[3] += split_->part[other] == 0 && item[other] == target;
      for (int64_t other = 1; other <= items; ++other) {
        if (other == target) continue;
        const float mine = level(length, last, target), its = level(length, last, other);
        row[4] += its > mine;
        row[5] += its == mine;
        if (seen.contains(other)) continue;
        row[6] += its > mine;
        row[7] += its == mine;
      }
      expected.push_back(row);
    }
  }
  ASSERT_EQ(file.records.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(row_of(file.records[i]), expected[i]) << i;
}

class TopItems : public EvaluatorTest {
 protected:
  eval::TopFile top(Part part, uint64_t seed) {
    ToyFramework framework(data_->items());
    framework.on_score = score_;
    eval::TopFile top;
    Evaluator(data_, split_, history_, at::kCPU)
        .rank(
            framework, part, [] { return true; }, &top, seed);
    return top;
  }
};

TEST_F(TopItems, AreAllItemsWhereThereAreFewAndSeenOnesStay) {
  const eval::TopFile file = top(Part::kTest, 1);
  EXPECT_EQ(file.data_fingerprint, data_->fingerprint());
  EXPECT_EQ(file.split_fingerprint, split_->fingerprint);
  EXPECT_EQ(file.items, 5u);
  EXPECT_EQ(file.k, 5u);
  EXPECT_EQ(file.events(), 4u);  // u5: d c a e
  for (size_t event = 0; event < 4; ++event) {
    const std::vector<uint32_t> row(file.top.begin() + static_cast<int64_t>(event) * 5,
                                    file.top.begin() + static_cast<int64_t>(event) * 5 + 5);
    EXPECT_EQ(row[0], 1u) << "a has the greatest score, also after the sequence has had it";
    EXPECT_EQ(row[1] + row[2], 2u + 3u) << "b and c tie";
    EXPECT_EQ(row[3], 4u);
    EXPECT_EQ(row[4], 5u);
  }
}

TEST_F(TopItems, TieByTheSeedAndNotByTheId) {
  std::set<uint32_t> second;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const eval::TopFile file = top(Part::kTest, seed);
    second.insert(file.top[1]);
    const std::vector<uint32_t> place = tie_places(5, seed);
    EXPECT_EQ(file.top[1], place[1] < place[2] ? 2u : 3u);
    for (size_t event = 1; event < file.events(); ++event)
      EXPECT_EQ(file.top[event * 5 + 1], file.top[1]) << "all events have the same order";
  }
  EXPECT_EQ(second, (std::set<uint32_t>{2, 3}));
}

TEST_F(TopItems, ChangeNoRank) {
  ToyFramework framework(data_->items());
  framework.on_score = score_;
  const Evaluator evaluator(data_, split_, history_, at::kCPU);
  eval::TopFile top;
  const auto with = evaluator.rank(
      framework, Part::kTest, [] { return true; }, &top, 1);
  EXPECT_EQ(eval::encode_ranks(with), eval::encode_ranks(rank(Part::kTest)));
}

}  // namespace
}  // namespace lea::train
