#include "core/lab/rank_writer.h"

#include "tests/lab/rank_fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

class RankWriter : public RankTest {};

TEST_F(RankWriter, ExportIsWhatImportReads) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  const std::string path = lab_.beside("out.csv");
  export_ranks(ranks, *data_, "csv", path);
  const auto again = read_foreign_ranks(path, *data_, split_, true);
  EXPECT_EQ(eval::encode_ranks(again.file), eval::encode_ranks(ranks.file));
  EXPECT_THAT(read_file(path), HasSubstr("'=u0,4,i4,1,0,2"))
      << "a formula must not reach a spreadsheet";
}

TEST_F(RankWriter, WritesArraysForNumPy) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  const std::string path = lab_.beside("out.npz");
  export_ranks(ranks, *data_, "npz", path);
  const std::string bytes = read_file(path);
  EXPECT_EQ(bytes.substr(0, 2), "PK");
  const std::string sequences = "=u0=u1=u2=u3",
                    ranks_of_them = "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\6\0"s;
  for (const std::string& part : std::vector<std::string>{
           "rank.npy", "ties.npy", "position.npy", "popularity.npy", "sequence.npy", "target.npy",
           "'descr': '<i8', 'fortran_order': False, 'shape': (4,), }", "'descr': '|S3'", sequences,
           ranks_of_them}) {
    EXPECT_THAT(bytes, HasSubstr(part));
  }
}

TEST_F(RankWriter, RefusesAnotherDataSet) {
  auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  ranks.file.data_fingerprint = std::string(64, '0');
  EXPECT_THAT(message_of([&] { export_ranks(ranks, *data_, "csv", lab_.beside("x.csv")); }),
              HasSubstr("is not the one that was ranked"));
}

}  // namespace
}  // namespace lea::lab
