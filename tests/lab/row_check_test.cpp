#include "core/lab/row_check.h"

#include <fstream>

#include "core/data/import.h"
#include "core/data/split.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

class RowCheck : public testing::Test {
 protected:
  // Sequence u has five events, of which the last two are validation and test. Sequence v has two,
  // which are training.
  RowCheck() {
    const std::string source = lab_.beside("interactions.tsv");
    std::ofstream(source) << "user_id\titem_id\ttimestamp\n"
                             "u\ta\t1\nu\tb\t2\nu\ta\t3\nu\tb\t4\nu\ta\t5\nv\ta\t1\nv\tb\t2\n";
    data_ = data::import_dataset(lab_.path(), "toy", source, {});
    spec::SplitSection section;
    section.by = "last_one";
    part_ = data::make_split(*data_, section).part;
  }
  RowCount count(const std::string& rows, FileRows of) const {
    const std::string path = lab_.beside("table.tsv");
    std::ofstream(path) << "sequence_id\tposition\tx\n" << rows;
    return count_rows(path, of, *data_, part_);
  }

  TemporaryLab lab_;
  std::shared_ptr<const data::Dataset> data_;
  std::vector<uint8_t> part_;
};

TEST_F(RowCheck, CountsRowsOfEventsByThePartOfTheEvent) {
  const RowCount found =
      count("u\t0\t1\nu\t2\t1\nv\t1\t1\nu\t4\t1\nu\t3\t1\nu\t5\t1\nw\t0\t1\n", FileRows::kEvents);
  EXPECT_EQ(found.rows, 7);
  EXPECT_EQ(found.outside, 2);
  EXPECT_EQ(found.unknown, 2) << "position 5 of u, and w";
  EXPECT_EQ(found.first, "line 5 (sequence `u`, position 4, test)");
}

TEST_F(RowCheck, CountsAHistoryByTheEventsThatItHolds) {
  const RowCount training = count("u\t0\t1\nu\t3\t1\nv\t2\t1\nv\t3\t1\n", FileRows::kHistories);
  EXPECT_EQ(training.outside, 0) << "the history of the first three items of u is of training";
  EXPECT_EQ(training.unknown, 1) << "v has no third item";
  const RowCount found = count("u\t4\t1\nu\t5\t1\n", FileRows::kHistories);
  EXPECT_EQ(found.outside, 2);
  EXPECT_EQ(found.first, "line 2 (sequence `u`, position 4, valid)");
}

TEST_F(RowCheck, CountsEachRowOfASequenceWithoutTrainingEvents) {
  std::fill(part_.begin() + 5, part_.end(), static_cast<uint8_t>(data::Part::kTest));
  EXPECT_EQ(count("v\t0\t1\nv\t1\t1\n", FileRows::kEvents).outside, 2);
  const RowCount found = count("v\t0\t1\nv\t2\t1\nv\t3\t1\n", FileRows::kHistories);
  EXPECT_EQ(found.outside, 2);
  EXPECT_EQ(found.unknown, 1);
  EXPECT_EQ(found.first, "line 2 (sequence `v`, position 0, test)");
}

TEST_F(RowCheck, TakesAByteOrderMark) {
  const std::string path = lab_.beside("marked.tsv");
  std::ofstream(path) << "\xEF\xBB\xBFsequence_id\tposition\tx\r\nu\t0\t1\r\n";
  EXPECT_EQ(count_rows(path, FileRows::kEvents, *data_, part_).rows, 1);
}

TEST_F(RowCheck, RefusesAFileOfAnotherForm) {
  const std::string path = lab_.beside("other.tsv");
  std::ofstream(path) << "user\tposition\tx\n";
  try {
    count_rows(path, FileRows::kEvents, *data_, part_);
    FAIL() << "nothing thrown";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              path +
                  ":1: the header's column 1 must be `sequence_id`, but is `user`; the whole "
                  "header is sequence_id<TAB>position<TAB>...");
  }
}

}  // namespace
}  // namespace lea::lab
