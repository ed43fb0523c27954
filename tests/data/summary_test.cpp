#include "core/data/summary.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using SummaryTest = Scratch;

TEST_F(SummaryTest, CountsLengthsAndDuplicates) {
  const auto data = import_rows("u\ta\t1\nu\ta\t1\nu\tb\t2\nu\ta\t2\nv\ta\t3\n");
  const Summary summary = summarize(*data);
  EXPECT_DOUBLE_EQ(summary.mean_length, 2.5);
  EXPECT_DOUBLE_EQ(summary.median_length, 2.5);
  EXPECT_EQ(summary.shortest, 1);
  EXPECT_EQ(summary.longest, 4);
  EXPECT_EQ(summary.repeats, 2);  // v's `a` is no repeat of u's
  EXPECT_EQ(summary.sequences_with_repeats, 1);
  EXPECT_EQ(summary.immediate_repeats, 1);
  EXPECT_EQ(summary.equal_times, 2);
}

TEST_F(SummaryTest, CountsItemTexts) {
  EXPECT_FALSE(summarize_texts(*import_rows("u\ta\t1\n", {}, "bare")).has_value());
  write("set/interactions.tsv", std::string(kHeader) + "u\ta\t1\nu\tb\t2\nu\tc\t3\n");
  write("set/items.tsv", "item_id\ttitle\tbrand\na\tA\t\nb\t\t\nx\tX\t\ny\tY\ty\n");
  const auto texts = summarize_texts(*import(path("set")));
  ASSERT_TRUE(texts.has_value());
  EXPECT_EQ(texts->items, 3);
  EXPECT_EQ(texts->with_text, 1);
  EXPECT_EQ(texts->rows_without_item, 2);
  const nlohmann::json columns = {{"title", 1}, {"brand", 0}};
  EXPECT_EQ(to_json(*texts)["columns"], columns);
}

TEST_F(SummaryTest, ReportsWhatLeaksFromTest) {
  // Training ends at time 30 in v, after u's test event, whose item c is never trained on.
  const auto data =
      import_rows("u\ta\t1\nu\tb\t2\nu\tc\t3\nv\ta\t10\nv\ta\t30\nv\tb\t40\nv\ta\t50\n");
  spec::SplitSection section;
  section.by = "last_one";
  const Leakage test = leakage(*data, make_split(*data, section), Part::kTest);
  EXPECT_EQ(test.events, 2);
  EXPECT_EQ(test.unseen, 1);
  EXPECT_EQ(test.older, 1);
  EXPECT_EQ(test.in_training_sequences, 2);
}

TEST_F(SummaryTest, HasNoAgeWhereTimeIsAPosition) {
  const auto data = import_rows("u\ta\t0\nu\tb\t1\nu\tc\t2\n");
  spec::SplitSection section;
  section.by = "last_one";
  const Leakage test = leakage(*data, make_split(*data, section), Part::kTest);
  EXPECT_FALSE(test.older.has_value());
  EXPECT_TRUE(to_json(test)["older_than_newest_training"].is_null());
}

}  // namespace
}  // namespace lea::data
