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

TEST_F(ImportedRuns, RefusesNamesThatASpecRefuses) {
  RankImport request;
  request.path = csv(whole());
  request.split = split_section_;
  const auto refusal_of = [&](const std::string& experiment, const std::string& name,
                              const std::string& data) {
    request.experiment = experiment;
    request.name = name;
    request.data = data;
    return message_of([&] { import_ranks(lab_.path(), request); });
  };
  for (const char* name : {"../../evil", "a b", ".x", "-x", "a\xff"}) {
    EXPECT_THAT(refusal_of(name, "theirs", "toy"),
                HasSubstr("--experiment must be letters, digits"));
    EXPECT_THAT(refusal_of("study", "theirs", name), HasSubstr("--data must be letters, digits"));
  }
  const std::string long_name(101, 'x');
  for (const std::string& name :
       {std::string("../x"), std::string("a/b"), std::string("a\\b"), std::string("a\x01"),
        std::string("a\x7f"), std::string("a\nb"), std::string("a\xff"),
        std::string("\xE2\x80\xAEx"), std::string(".x"), std::string("-x"), std::string(" x"),
        std::string("x "), std::string("none"), std::string("None"), std::string(), long_name}) {
    EXPECT_THAT(refusal_of("study", name, "toy"), HasSubstr("--name must be UTF-8 text")) << name;
  }
  EXPECT_THAT(refusal_of("study", "a\x01", "toy"), ::testing::EndsWith("but is `a\\x01`"));
  std::ofstream(lab_.beside("a\x01.tsv")) << "user_id\tpart\n";
  request.split.path = lab_.beside("a\x01.tsv");
  EXPECT_THAT(refusal_of("study", "theirs", "toy"), HasSubstr("--split-path must be UTF-8 text"));
  EXPECT_THAT(run::list_runs(lab_.path()), ::testing::IsEmpty());
  const auto runs = std::filesystem::directory_iterator(run::runs_folder(lab_.path()));
  EXPECT_EQ(std::distance(runs, {}), 0) << "something was left behind";
}

TEST_F(ImportedRuns, TakesTheNamesThatPeopleGive) {
  const auto ranks = read_foreign_ranks(csv(whole()), *data_, split_, true);
  for (const char* name : {"their model", "GRU4Rec (tuned), 2024",
                           "f\xC3\xBC"
                           "nf",
                           "SASRec+"}) {
    ImportedRun theirs = run();
    theirs.name = name;
    EXPECT_EQ(run::read_header(add_imported_run(lab_.path(), theirs, ranks)).labels.at("framework"),
              name);
  }
  EXPECT_THAT(collect(lab_.path()).refused, ::testing::IsEmpty());
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
