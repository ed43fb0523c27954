// `db check` finds damage, and takes nothing for damage that a grid at work brings about.
#include "core/lab/index_check.h"

#include <atomic>
#include <fstream>
#include <thread>

#include "core/lab/collector.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class IndexCheckTest : public ::testing::Test {
 protected:
  IndexCheckTest() { run::save_plan(lab_.path(), experiment_); }
  std::vector<std::string> problems() const { return check_index(lab_.path()).problems; }

  const TemporaryLab lab_;
  const spec::Experiment experiment_ = experiment_of({"finish", "finish", "finish", "finish"});
};

TEST_F(IndexCheckTest, TakesAFirstRunWithoutAnIndexForSound) {
  const WorkerAt worker(new_run(lab_.path(), experiment_, experiment_.runs[0]));
  finished_run(lab_.path(), experiment_, 1);
  fs::create_directories(lab_.path() + "/runs/.new-1-" + run::new_uuid());
  const IndexCheck check = check_index(lab_.path());
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_FALSE(check.has_index);
  EXPECT_EQ(check.runs, 2);
  EXPECT_EQ(check.open, 1);
  EXPECT_EQ(check.behind, 1);
  EXPECT_FALSE(db::has_index(lab_.path())) << "it changes nothing";
}

TEST_F(IndexCheckTest, CountsRunsThatTheIndexDoesNotKnowYet) {
  const run::Folder running = new_run(lab_.path(), experiment_, experiment_.runs[0]);
  const WorkerAt worker(running);
  collect(lab_.path());
  write_result(running, worker.attempt());
  finished_run(lab_.path(), experiment_, 1);
  const IndexCheck check = check_index(lab_.path());
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_EQ(check.behind, 2);
  collect(lab_.path());
  EXPECT_EQ(check_index(lab_.path()).behind, 0);
}

TEST_F(IndexCheckTest, FindsRealDamageWhileARunIsAtWork) {
  const WorkerAt worker(new_run(lab_.path(), experiment_, experiment_.runs[0]));
  const run::Folder gone = finished_run(lab_.path(), experiment_, 1);
  const run::Folder edited = finished_run(lab_.path(), experiment_, 2);
  const run::Folder reopened = finished_run(lab_.path(), experiment_, 3);
  collect(lab_.path());
  EXPECT_THAT(problems(), IsEmpty());
  fs::remove_all(gone.path);
  auto result = *read_json(edited.file(run::kResultFile));
  result["tie_share"] = 0.25;
  publish_file(edited.file(run::kResultFile), result.dump());
  fs::remove(reopened.file(run::kResultFile));
  EXPECT_THAT(problems(),
              ::testing::UnorderedElementsAre(
                  HasSubstr("run " + gone.uuid() + ": is in the index, but has no folder"),
                  HasSubstr("run " + edited.uuid() +
                            ": folder (finished) and index (finished) "
                            "differ"),
                  HasSubstr("run " + reopened.uuid() + ": folder (queued) and index (finished)")));
}

TEST_F(IndexCheckTest, FindsADamagedFolderAndADamagedPlan) {
  const run::Folder bad = finished_run(lab_.path(), experiment_, 0);
  collect(lab_.path());
  std::ofstream(bad.file(run::kRanksFile), std::ios::app) << "x";
  std::ofstream(run::plan_file(lab_.path(), "study")) << "{";
  EXPECT_THAT(problems(),
              ::testing::UnorderedElementsAre(HasSubstr("study.json"), HasSubstr("ranks_sha256")));
}

TEST_F(IndexCheckTest, LooksAtTheFoldersAlsoWhenTheIndexIsDamaged) {
  const run::Folder bad = finished_run(lab_.path(), experiment_, 0);
  finished_run(lab_.path(), experiment_, 1);
  collect(lab_.path());
  std::ofstream(bad.file(run::kHeaderFile)) << "{";
  std::ofstream(lab_.path() + "/results.sqlite") << std::string(5000, 'x');
  const IndexCheck check = check_index(lab_.path());
  EXPECT_EQ(check.runs, 2);
  EXPECT_THAT(check.problems,
              ::testing::UnorderedElementsAre(HasSubstr("results.sqlite"), HasSubstr(bad.uuid())));
}

// Runs come, begin, end and go, and plans are replaced, while the check reads.
TEST_F(IndexCheckTest, RaisesNoFalseAlarmWhileRunsComeAndGo) {
  std::atomic<bool> stop = false;
  std::thread grid([&] {
    for (size_t i = 0; !stop; i = (i + 1) % 4) {
      const run::Folder run = new_run(lab_.path(), experiment_, experiment_.runs[i]);
      const WorkerAt worker(run);
      if (i % 2 == 0) collect(lab_.path());
      write_events(run);
      write_result(run, worker.attempt());
      spec::Experiment replaced = experiment_;
      replaced.runs.resize(1 + i);
      run::save_plan(lab_.path(), replaced);
      if (i == 3) collect(lab_.path());
    }
  });
  IndexCheck last;
  for (int i = 0; i < 40 || (i < 10000 && last.runs <= 4); ++i) {
    try {
      last = check_index(lab_.path());
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      break;
    }
    EXPECT_THAT(last.problems, IsEmpty());
  }
  stop = true;
  grid.join();
  EXPECT_GT(last.runs, 4) << "hardly a run was made: the test proves little";
}

}  // namespace
}  // namespace lea::lab
