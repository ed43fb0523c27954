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
  EXPECT_THAT(refusal("=u0,4,1\n=u1,4,2\n=u2,4,3\n"),
              HasSubstr("1 of 4 test events has no rank:\n  sequence =u3, position 4"));
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

TEST_F(RankReader, TakesAByteOrderMarkAndWholeNumbersThatHaveADecimalPoint) {
  const auto bytes_of = [&](const std::string& rows, const std::string& header) {
    return eval::encode_ranks(read_foreign_ranks(csv(rows, header), *data_, split_, true).file);
  };
  const std::string header = "sequence,position,rank", plain = bytes_of(whole(), header);
  EXPECT_EQ(bytes_of(whole(), "\xEF\xBB\xBF" + header), plain);
  EXPECT_EQ(bytes_of("=u0,4.0,1.0\n=u1,4.,2.0\n=u2,4.00,3.\n=u3,4,6.000\n", header), plain);
  const std::string quoted = "\xEF\xBB\xBF\"sequence\",position,rank\r";
  EXPECT_EQ(bytes_of("=u0,4,1\r\n=u1,4,2\r\n=u2,4,3\r\n=u3,4,6\r\n", quoted), plain);
}

TEST_F(RankReader, RefusesAnUnknownColumnAndNamesTheNearest) {
  const std::string ties = "=u0,4,1,1\n=u1,4,2,0\n=u2,4,3,0\n=u3,4,5,0\n";
  EXPECT_THAT(refusal(ties, "sequence,position,rank,tie"),
              HasSubstr("ranks.csv:1: unknown column `tie`, did you mean `ties`? The columns are "
                        "sequence, position, rank, target, ties, rank_unseen, ties_unseen, "
                        "popularity, split_fingerprint; leave out any other."));
  EXPECT_THAT(refusal(ties, "sequence,position,rank,"), HasSubstr(":1: unknown column ``. The "));
  EXPECT_THAT(refusal(ties, "sequence,position,rank,rank"),
              HasSubstr(":1: the column `rank` is there twice."));
  EXPECT_EQ(read_foreign_ranks(csv(ties, "sequence,position,rank,ties"), *data_, split_, true)
                .file.records[0]
                .ties,
            1u);
}

TEST_F(RankReader, SaysWhatAFileIsThatIsNotCsv) {
  EXPECT_THAT(refusal("=u0\t4\t1\n", "sequence\tposition\trank"),
              HasSubstr("ranks.csv:1: the first line has no comma, but 2 tabs. Ranks are read from "
                        "CSV: put commas between the columns."));
  EXPECT_THAT(refusal("", "sequence;position;rank"), HasSubstr("no comma, but 2 semicolons."));
  EXPECT_THAT(refusal("", "\x1f\x8b\x08"), HasSubstr("ranks.csv:1: the file is compressed with "));
  EXPECT_THAT(refusal("", "\xff\xfes"), HasSubstr("ranks.csv:1: the file is UTF-16."));
  EXPECT_THAT(refusal("", "sequence"), HasSubstr(":1: the header lacks `position`;"));
}

TEST_F(RankReader, RefusesRanksOfAnotherSplit) {
  const auto rows = [](const std::string& last) {
    std::string text;
    for (const char* row : {"=u0,4,1,", "=u1,4,2,", "=u2,4,3,", "=u3,4,6,"}) text += row + last;
    return text;
  };
  const std::string with_split = "sequence,position,rank,split_fingerprint";
  EXPECT_THAT(refusal(rows("0123456789abcdef\n"), with_split),
              HasSubstr("ranks.csv:2: split_fingerprint is `0123456789ab`, but the split that the "
                        "ranks are read with has `" +
                        split_.fingerprint.substr(0, 12) + "`."));
  EXPECT_EQ(refusal(rows(split_.fingerprint + "\n"), with_split), "");
  EXPECT_THAT(refusal(rows("77\n"), "sequence,position,rank,popularity"),
              HasSubstr("ranks.csv:2: popularity is 77, but this event's item has 2 training "
                        "events; leave the column out"));
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
