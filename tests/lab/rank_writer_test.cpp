#include "core/lab/rank_writer.h"

#include <functional>

#include "core/lab/archive.h"
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

TEST_F(RankWriter, EveryFormatCarriesTheSplitAndIsReadAgain) {
  const std::string header = "sequence,position,rank,ties,rank_unseen,ties_unseen";
  const std::string rows = "=u0,4,1,2,1,1\n=u1,4,2,0,1,0\n=u2,4,3,0,3,0\n=u3,4,6,0,4,0\n";
  const auto ranks = read_foreign_ranks(csv(rows, header), *data_, split_, true);
  for (const std::string format : {"csv", "npz"}) {
    SCOPED_TRACE(format);
    const std::string path = lab_.beside("out");  // the content decides, not the name
    export_ranks(ranks, *data_, format, path);
    EXPECT_THAT(read_file(path), HasSubstr(split_.fingerprint));
    const auto again = read_foreign_ranks(path, *data_, split_, true);
    EXPECT_EQ(eval::encode_ranks(again.file), eval::encode_ranks(ranks.file));
    EXPECT_TRUE(again.unseen);
    spec::SplitSection other;
    other.ratios = {0.5, 0.25, 0.25};
    EXPECT_THAT(message_of([&] {
                  read_foreign_ranks(path, *data_, data::make_split(*data_, other), true);
                }),
                HasSubstr("The ranks are of another split or data set"));
  }
}

TEST_F(RankWriter, AnArrayThatIsNoColumnIsRefused) {
  const std::string path = lab_.beside("theirs.npz");
  const auto refusal_of = [&](const std::function<void(NpzWriter&)>& add) {
    NpzWriter npz(path);
    npz.add("sequence", std::vector<std::string>{"=u0", "=u1", "=u2", "=u3"});
    npz.add("position", std::vector<int64_t>{4, 4, 4, 4});
    add(npz);
    npz.finish();
    return message_of([&] { read_foreign_ranks(path, *data_, split_, true); });
  };
  EXPECT_EQ(refusal_of([](NpzWriter& npz) {
              const double ranks[] = {1, 2, 3, 6};
              npz.begin("rank", "<f8", {4}, sizeof ranks);
              npz.write(ranks, sizeof ranks);
            }),
            "");
  EXPECT_THAT(refusal_of([](NpzWriter& npz) {
                const double ranks[] = {1, 2.5, 3, 6};
                npz.begin("rank", "<f8", {4}, sizeof ranks);
                npz.write(ranks, sizeof ranks);
              }),
              HasSubstr("theirs.npz: row 2: rank must be a whole number from 0, but is `2.5`"));
  EXPECT_THAT(refusal_of([](NpzWriter& npz) {
                npz.add("ranks", std::vector<int64_t>{1, 2, 3, 6});
              }),
              HasSubstr("theirs.npz: unknown column `ranks`, did you mean `rank`?"));
  EXPECT_THAT(refusal_of([](NpzWriter& npz) {
                npz.add("rank", std::vector<int64_t>{1, 2});
              }),
              HasSubstr("theirs.npz: rank: has 2 elements, but an array before it 4"));
  EXPECT_THAT(refusal_of([](NpzWriter& npz) {
                const int64_t ranks[] = {1, 2, 3, 6};
                npz.begin("rank", "<i8", {2, 2}, sizeof ranks);
                npz.write(ranks, sizeof ranks);
              }),
              HasSubstr("theirs.npz: rank: must have one dimension, but has 2"));
  EXPECT_THAT(refusal_of([](NpzWriter& npz) {
                const char32_t ranks[] = {U'1', U'2', U'3', U'6'};
                npz.begin("rank", "<U1", {4}, sizeof ranks);
                npz.write(ranks, sizeof ranks);
              }),
              HasSubstr("theirs.npz: rank: has the type <U1; save counts as int64"));
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
           "split_fingerprint.npy", "'descr': '|S64', 'fortran_order': False, 'shape': (), }",
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
