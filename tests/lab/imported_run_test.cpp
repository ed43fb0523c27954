// Makes runs of the ranks of another system.
#include "core/lab/imported_run.h"

#include "core/lab/collector.h"
#include "core/lab/index_check.h"
#include "core/lab/rank_writer.h"
#include "tests/lab/rank_fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ImportedRuns : public RankTest {};

TEST_F(ImportedRuns, BecomesARunLikeAnyOther) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  const run::Folder folder = add_imported_run(lab_.path(), run(), ranks);
  EXPECT_EQ(add_imported_run(lab_.path(), run(), ranks).path, folder.path);
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
  EXPECT_THAT(check_index(lab_.path()).problems, ::testing::IsEmpty());
}

TEST_F(ImportedRuns, RefusesAnExperimentWhoseNameIsNone) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  for (const char* name : {"../../evil", "a b", ".x", "-x"}) {
    ImportedRun theirs = run();
    theirs.experiment = name;
    EXPECT_THAT(message_of([&] { add_imported_run(lab_.path(), theirs, ranks); }),
                HasSubstr("--experiment must be letters, digits"));
  }
  EXPECT_THAT(run::list_runs(lab_.path()), ::testing::IsEmpty());
}

TEST_F(ImportedRuns, NeverInventsRanksAmongUnseenItems) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  EXPECT_FALSE(ranks.unseen);
  export_ranks(ranks, *data_, "csv", lab_.beside("out.csv"));
  EXPECT_THAT(read_file(lab_.beside("out.csv")), Not(HasSubstr("rank_unseen")));
  ImportedRun removing = run();
  removing.protocol.evaluate.remove_seen = true;
  EXPECT_THAT(message_of([&] { add_imported_run(lab_.path(), removing, ranks); }),
              HasSubstr("needs the column rank_unseen"));
  const std::string all = "=u0,4,1,1\n=u1,4,2,1\n=u2,4,3,1\n=u3,4,6,1\n";
  const auto known =
      read_foreign_ranks(csv(all, "sequence,position,rank,rank_unseen"), *data_, split_, true);
  EXPECT_TRUE(known.unseen);
  const auto result =
      *read_json(add_imported_run(lab_.path(), removing, known).path + "/result.json");
  EXPECT_EQ(result["metrics"]["test"]["hr@5"], 1.0);
}

TEST_F(ImportedRuns, ImportsAgainWhatNowSaysTheRanksAmongUnseenItems) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  EventRanks known = ranks;  // the same numbers, but now valid without seen items, too
  known.unseen = true;
  const run::Folder without = add_imported_run(lab_.path(), run(), ranks);
  const run::Folder with = add_imported_run(lab_.path(), run(), known);
  EXPECT_NE(with.path, without.path);
  EXPECT_EQ((*read_json(with.path + "/result.json"))["unseen_ranks"], true);
}

}  // namespace
}  // namespace lea::lab
