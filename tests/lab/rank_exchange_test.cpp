// Imports the ranks of another system and checks them event by event.
#include "core/lab/rank_exchange.h"

#include <fstream>
#include <sstream>

#include "core/base/csv.h"
#include "core/data/import.h"
#include "core/lab/collector.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

class RankExchange : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream file(lab_.beside("interactions.tsv"));
    file << "user_id\titem_id\ttimestamp\n";
    for (int user = 0; user < 4; ++user) {
      for (int i = 0; i < 5; ++i)
        file << "=u" << user << "\ti" << (user + i) % 6 << "\t" << i << "\n";
    }
    file.close();
    data_ = data::import_dataset(lab_.path(), "toy", lab_.beside("interactions.tsv"), {});
    split_section_.by = "last_one";
    split_ = data::make_split(*data_, split_section_);
  }
  std::string csv(const std::string& rows, const std::string& header = "sequence,position,rank") {
    const std::string path = lab_.beside("ranks.csv");
    std::ofstream(path) << header << "\n" << rows;
    return path;
  }
  std::string whole() const { return "=u0,4,1\n=u1,4,2\n=u2,4,3\n=u3,4,6\n"; }
  std::string refusal(const std::string& rows,
                      const std::string& header = "sequence,position,rank") {
    const std::string path = csv(rows, header);
    return message_of([&] { read_foreign_ranks(path, *data_, split_, true); });
  }
  ForeignRun run() const {
    ForeignRun run{"study", "theirs", 0, {}};
    run.protocol.data.name = "toy";
    run.protocol.split = split_section_;
    return run;
  }

  TemporaryLab lab_;
  std::shared_ptr<const data::Dataset> data_;
  spec::SplitSection split_section_;
  data::Split split_;
};

TEST_F(RankExchange, BecomesARunLikeAnyOther) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  const run::Folder folder = add_foreign_run(lab_.path(), run(), ranks);
  EXPECT_EQ(add_foreign_run(lab_.path(), run(), ranks).path, folder.path);
  EXPECT_EQ(collect(lab_.path()).runs, 1);
  const db::Store store(lab_.path(), db::Store::Mode::kReadOnly);
  const auto runs = store.runs("study");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].source, "imported");
  EXPECT_EQ(runs[0].labels.at("framework"), "theirs");
  std::map<std::string, double> hit_rate;  // by part
  for (const auto& row : store.results()) {
    if (row.metric == "hr" && row.k == 5) hit_rate[row.part] = row.value;
  }
  EXPECT_EQ(hit_rate, (std::map<std::string, double>{{"test", 0.75}}));
  EXPECT_THAT(check(lab_.path()), ::testing::IsEmpty());
}

TEST_F(RankExchange, RefusesAnExperimentWhoseNameIsNone) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  for (const char* name : {"../../evil", "a b", ".x", "-x"}) {
    ForeignRun theirs = run();
    theirs.experiment = name;
    EXPECT_THAT(message_of([&] { add_foreign_run(lab_.path(), theirs, ranks); }),
                HasSubstr("--experiment must be letters, digits"));
  }
  EXPECT_THAT(run::list_runs(lab_.path()), ::testing::IsEmpty());
}

TEST_F(RankExchange, ExportIsWhatImportReads) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  const std::string path = lab_.beside("out.csv");
  export_ranks(ranks, *data_, "csv", path);
  const auto again = read_foreign_ranks(path, *data_, split_, true);
  EXPECT_EQ(eval::encode_ranks(again.file), eval::encode_ranks(ranks.file));
  EXPECT_THAT(read_file(path), HasSubstr("'=u0,4,i4,1,0,2"))
      << "a formula must not reach a spreadsheet";
}

TEST_F(RankExchange, NeverInventsRanksAmongUnseenItems) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  EXPECT_FALSE(ranks.unseen);
  export_ranks(ranks, *data_, "csv", lab_.beside("out.csv"));
  EXPECT_THAT(read_file(lab_.beside("out.csv")), Not(HasSubstr("rank_unseen")));
  ForeignRun removing = run();
  removing.protocol.evaluate.remove_seen = true;
  EXPECT_THAT(message_of([&] { add_foreign_run(lab_.path(), removing, ranks); }),
              HasSubstr("needs the column rank_unseen"));
  const std::string all = "=u0,4,1,1\n=u1,4,2,1\n=u2,4,3,1\n=u3,4,6,1\n";
  const auto known =
      read_foreign_ranks(csv(all, "sequence,position,rank,rank_unseen"), *data_, split_, true);
  EXPECT_TRUE(known.unseen);
  const auto result =
      *read_json(add_foreign_run(lab_.path(), removing, known).path + "/result.json");
  EXPECT_EQ(result["metrics"]["test"]["hr@5"], 1.0);
}

TEST_F(RankExchange, ImportsAgainWhatNowSaysTheRanksAmongUnseenItems) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  EventRanks known = ranks;  // the same numbers, but now valid without seen items, too
  known.unseen = true;
  const run::Folder without = add_foreign_run(lab_.path(), run(), ranks);
  const run::Folder with = add_foreign_run(lab_.path(), run(), known);
  EXPECT_NE(with.path, without.path);
  EXPECT_EQ((*read_json(with.path + "/result.json"))["unseen_ranks"], true);
}

TEST_F(RankExchange, WritesArraysForNumPy) {
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

TEST_F(RankExchange, SaysWhichRowsCannotBeUsed) {
  EXPECT_THAT(refusal("=u0,4,1\n"),
              HasSubstr("3 of 4 test events have no rank:\n  sequence =u1, position 4"));
  EXPECT_THAT(refusal(whole() + "=u0,4,1\n"),
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

TEST_F(RankExchange, SaysWhyAFileCannotBeRead) {
  const auto refusal_of = [&](const std::string& path) {
    return message_of([&] { read_foreign_ranks(path, *data_, split_, true); });
  };
  EXPECT_THAT(refusal_of("none.csv"),
              HasSubstr("none.csv: cannot be opened: No such file or directory"));
  EXPECT_THAT(refusal_of("/dev/null"), HasSubstr("/dev/null: is not a regular file"));
}

TEST_F(RankExchange, RefusesAnotherDataSet) {
  auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  ranks.file.data_fingerprint = std::string(64, '0');
  EXPECT_THAT(message_of([&] { export_ranks(ranks, *data_, "csv", lab_.beside("x.csv")); }),
              HasSubstr("is not the one that was ranked"));
}

TEST(Csv, FieldsComeBackAsTheyWere) {
  for (const std::string& text :
       {std::string("plain"), std::string("a,b"), std::string("say \"hi\""),
        std::string("=SUM(A1)"), std::string("-5"), std::string("'quoted"), std::string("@x,\"y"),
        std::string()}) {
    EXPECT_EQ(split_csv(csv_field(text)), std::vector<std::string>{text});
  }
}

}  // namespace
}  // namespace lea::lab
