// The index that commands read: up to date whatever has happened in the lab, and whether or not it
// can be written.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <fstream>

#include "core/lab/collector.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
namespace fs = std::filesystem;

// The number of runs in each state.
std::map<std::string, int> states_in(const db::Store& store) {
  std::map<std::string, int> counts;
  for (const auto& [uuid, state] : store.states()) ++counts[state];
  return counts;
}

class CurrentIndexTest : public ::testing::Test {
 protected:
  CurrentIndexTest() { run::save_plan(lab_.path(), experiment_); }

  std::map<std::string, int> states() {
    const CurrentIndex index = current_index(lab_.path());
    EXPECT_THAT(index.left_out, IsEmpty());
    return states_in(*index.store);
  }
  std::string index_bytes() const { return read_file(db::index_file(lab_.path())); }

  const TemporaryLab lab_;
  const spec::Experiment experiment_ = experiment_of({"finish", "finish", "finish"});
};

TEST_F(CurrentIndexTest, IsMadeFromThePlanBeforeTheFirstRun) {
  const CurrentIndex index = current_index(lab_.path());
  ASSERT_TRUE(index.store->experiment("study").has_value());
  EXPECT_THAT(index.store->experiment("study")->runs, SizeIs(3));
  EXPECT_THAT(states_in(*index.store), IsEmpty());
}

TEST_F(CurrentIndexTest, FollowsARunFromItsFolderToItsEnd) {
  const run::Folder run = new_run(lab_.path(), experiment_, experiment_.runs[0]);
  EXPECT_THAT(states(), ElementsAre(Pair("queued", 1)));
  const WorkerAt worker(run);
  EXPECT_THAT(states(), ElementsAre(Pair("running", 1)));
  write_events(run);
  write_result(run, worker.attempt());
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 1)));
  EXPECT_THAT(current_index(lab_.path()).store->results(), ::testing::Not(IsEmpty()));
}

TEST_F(CurrentIndexTest, WritesNothingWhereNothingHasChanged) {
  finished_run(lab_.path(), experiment_, 0);
  const WorkerAt worker(new_run(lab_.path(), experiment_, experiment_.runs[1]));
  states();
  const db::Store writer(lab_.path(), db::Store::Mode::kWrite);  // nobody else can write
  const std::string before = index_bytes();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 1), Pair("running", 1)));
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(waited.count(), 1.5) << "it waited for the writer's lock";
  EXPECT_EQ(index_bytes(), before);
}

TEST_F(CurrentIndexTest, IsRightInMemoryWhereTheIndexCannotBeWritten) {
  finished_run(lab_.path(), experiment_, 0);
  states();
  const db::Store writer(lab_.path(), db::Store::Mode::kWrite);
  const std::string before = index_bytes();
  finished_run(lab_.path(), experiment_, 1);
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 2)));
  EXPECT_EQ(index_bytes(), before);
}

TEST_F(CurrentIndexTest, IsRightInMemoryWhereThereIsNoIndexAndNoLock) {
  finished_run(lab_.path(), experiment_, 0);
  // A folder in place of the lock file: it cannot be opened, not even by root.
  fs::create_directory(lab_.path() + "/results.lock");
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 1)));
  EXPECT_FALSE(db::has_index(lab_.path()));
}

TEST_F(CurrentIndexTest, TakesAPlanThatWasReplaced) {
  finished_run(lab_.path(), experiment_, 0);
  states();
  spec::Experiment smaller = experiment_;
  smaller.runs.pop_back();
  run::save_plan(lab_.path(), smaller);
  EXPECT_THAT(current_index(lab_.path()).store->experiment("study")->runs, SizeIs(2));
}

TEST_F(CurrentIndexTest, NamesADamagedFolderAndTakesTheOthers) {
  finished_run(lab_.path(), experiment_, 0);
  const run::Folder bad = finished_run(lab_.path(), experiment_, 1);
  publish_file(bad.path + "/result.json", "{");
  for (int repeated = 0; repeated < 2; ++repeated) {
    const CurrentIndex index = current_index(lab_.path());
    EXPECT_THAT(states_in(*index.store), ElementsAre(Pair("finished", 1)));
    EXPECT_THAT(index.left_out, ElementsAre(HasSubstr(bad.uuid() + "/result.json")));
  }
}

// Not even the size of a file need change.
TEST_F(CurrentIndexTest, LeavesOutARunThatIsDamagedAfterItWasCollected) {
  finished_run(lab_.path(), experiment_, 0);
  const run::Folder bad = finished_run(lab_.path(), experiment_, 1);
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 2)));
  const std::string path = bad.file(run::kTopFile), whole = read_file(path);
  std::string flipped = whole;
  flipped[200] = static_cast<char>(flipped[200] ^ 1);
  std::ofstream(path, std::ios::binary) << flipped;
  for (int repeated = 0; repeated < 2; ++repeated) {
    const CurrentIndex index = current_index(lab_.path());
    EXPECT_THAT(states_in(*index.store), ElementsAre(Pair("finished", 1)));
    EXPECT_THAT(index.left_out, ElementsAre(HasSubstr(path)));
  }
  std::ofstream(path, std::ios::binary) << whole;
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 2))) << "it was restored";
  const std::string before = index_bytes();
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 2)));
  EXPECT_EQ(index_bytes(), before) << "and is not read again";
}

TEST_F(CurrentIndexTest, TakesTheFolderForTheTruthWhenAResultIsGone) {
  const run::Folder run = finished_run(lab_.path(), experiment_, 0);
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 1)));
  fs::remove(run.file(run::kResultFile));
  EXPECT_THAT(states(), ElementsAre(Pair("queued", 1)));
}

TEST_F(CurrentIndexTest, ReadsNoRunAgainInACopyThatKeepsTheTimes) {
  finished_run(lab_.path(), experiment_, 0);
  states();
  const std::string copy = lab_.beside("copy");
  fs::copy(lab_.path(), copy, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(lab_.path())) {
    const fs::path same = copy / entry.path().lexically_relative(lab_.path());
    if (entry.is_regular_file()) fs::last_write_time(same, entry.last_write_time());
  }
  EXPECT_EQ(collect(copy).unchanged, 1);
  const std::string file = run::list_runs(copy).at(0).file(run::kEventsFile);
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(1));
  EXPECT_EQ(collect(copy).unchanged, 0);
}

TEST_F(CurrentIndexTest, IgnoresWhatIsHalfMade) {
  fs::create_directories(lab_.path() + "/runs/.new-1-" + run::new_uuid());
  fs::create_directories(lab_.path() + "/runs/.import-1-abcdef01/" + run::new_uuid());
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(CurrentIndexTest, OfALabWithoutAnythingMakesNoFile) {
  const TemporaryLab empty;
  EXPECT_THAT(current_index(empty.path()).store->experiments(), IsEmpty());
  EXPECT_FALSE(db::has_index(empty.path()));
}

TEST_F(CurrentIndexTest, RefusesADamagedIndexWithAWayOut) {
  finished_run(lab_.path(), experiment_, 0);
  std::ofstream(lab_.path() + "/results.sqlite") << std::string(5000, 'x');
  EXPECT_THAT(message_of([&] { current_index(lab_.path()); }), HasSubstr("lealab db rebuild"));
}

TEST_F(CurrentIndexTest, OutsideTheLabForgetsWhatTheLabNoLongerHas) {
  setenv("LEALAB_INDEX", lab_.beside("index").c_str(), 1);
  const run::Folder run = finished_run(lab_.path(), experiment_, 0);
  EXPECT_THAT(states(), ElementsAre(Pair("finished", 1)));
  EXPECT_FALSE(fs::exists(lab_.path() + "/results.sqlite"));
  // Another lab takes the place of this one.
  fs::remove_all(run.path);
  fs::remove(run::plan_file(lab_.path(), "study"));
  EXPECT_THAT(states(), IsEmpty());
  EXPECT_THAT(current_index(lab_.path()).store->experiments(), IsEmpty());
  unsetenv("LEALAB_INDEX");
}

// Two commands that read, and a grid, collect at once.
TEST_F(CurrentIndexTest, IsTheSameForAllWhoMakeItAtOnce) {
  for (size_t i = 0; i < 3; ++i) finished_run(lab_.path(), experiment_, i);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    bool right = false;
    try {
      right = i == 0 ? collect(lab_.path()).refused.empty()
                     : current_index(lab_.path()).store->states().size() == 3;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(right ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const std::string together = db::Store(lab_.path(), db::Store::Mode::kReadOnly).content_hash();
  std::string aside;
  rebuild(lab_.path(), &aside);
  EXPECT_EQ(db::Store(lab_.path(), db::Store::Mode::kReadOnly).content_hash(), together);
}

}  // namespace
}  // namespace lea::lab
