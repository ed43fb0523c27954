// Reads the ranks of another system and checks them event by event.
#include "core/lab/rank_reader.h"

#include "tests/lab/rank_fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;

class RankReader : public RankTest {};

TEST_F(RankReader, SaysWhichRowsCannotBeUsed) {
  EXPECT_THAT(refusal("=u0,4,1\n"),
              HasSubstr("3 of 4 test events have no rank:\n  sequence =u1, position 4"));
  EXPECT_THAT(refusal(whole().append("=u0,4,1\n")),
              HasSubstr("ranks.csv:6: gives this event a second time"));
  EXPECT_THAT(refusal("=u0,3,1\n"), HasSubstr(":2: position 3 of this sequence is no test event"));
  EXPECT_THAT(refusal("nobody,4,1\n"), HasSubstr("`nobody` is not in the data set"));
  EXPECT_THAT(refusal("=u0,4,0\n"), HasSubstr("rank must be 1 or more"));
  EXPECT_THAT(refusal("=u0,4,7\n"), HasSubstr("at most the 6 items"));
  EXPECT_THAT(refusal("=u0,4,1.5\n"), HasSubstr("must be a whole number from 0, but is `1.5`"));
  EXPECT_THAT(refusal("=u0,4,-1\n"), HasSubstr("but is `-1`"));
  EXPECT_THAT(refusal("=u0,4\n"), HasSubstr("has 2 fields, not 3"));
  EXPECT_THAT(refusal("=u0,4\n", "sequence,position"), HasSubstr("the header lacks `rank`"));
  EXPECT_THAT(refusal("=u0,4,1,i0\n", "sequence,position,rank,target"),
              HasSubstr("but this event's item is `i4`"));
}

TEST_F(RankReader, SaysWhyAFileCannotBeRead) {
  const auto refusal_of = [&](const std::string& path) {
    return message_of([&] { read_foreign_ranks(path, *data_, split_, true); });
  };
  EXPECT_THAT(refusal_of("none.csv"),
              HasSubstr("none.csv: cannot be opened: No such file or directory"));
  EXPECT_THAT(refusal_of("/dev/null"), HasSubstr("/dev/null: is not a regular file"));
  EXPECT_THAT(
      refusal("", "version https://git-lfs.github.com/spec/v1"),
      HasSubstr("ranks.csv: is a Git LFS pointer, not the file itself: run `git lfs pull`."));
}

}  // namespace
}  // namespace lea::lab
