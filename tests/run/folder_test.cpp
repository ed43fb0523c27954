// The folder of a run: what it says about itself, and what a damaged one is told.
#include "core/run/folder.h"

#include <set>

#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/records.h"
#include "core/run/attempt.h"
#include "core/run/beat.h"
#include "core/run/experiment_plan.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"
#include "core/run/state.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RunFolder : public RunTest {
 protected:
  // Attempt `number`, noted by hand, of a process with these properties.
  static void note_attempt(const Folder& run, int64_t number, const Process& process) {
    nlohmann::json record = to_json(process);
    record.update({{"number", number}, {"started", "2026-01-31T00:00:00Z"}});
    append_record(run.file(kAttemptsFile), record);
  }
};

TEST_F(RunFolder, HoldsTheResolvedRunAndItsHeader) {
  const Folder run = new_run();
  EXPECT_TRUE(is_uuid(run.uuid()));
  const Header header = read_header(run);
  EXPECT_EQ(header.uuid, run.uuid());
  EXPECT_EQ(header.experiment, "study");
  EXPECT_EQ(header.hash, experiment_.runs[0].hash);
  EXPECT_EQ(header.seed, experiment_.runs[0].run.seed);
  EXPECT_EQ(header.labels, experiment_.runs[0].labels);
  EXPECT_THAT(header.axes, ElementsAre("framework"));
  EXPECT_EQ(header.source, "lealab");
  EXPECT_EQ(spec::run_hash(spec::load_run(run.file(kSpecFile))), header.hash);
  EXPECT_EQ(state_of(run), State::kQueued);
  EXPECT_EQ(find_run(lab_, run.uuid().substr(0, 8)).path, run.path);
}

TEST_F(RunFolder, IsInterruptedWhenItsProcessIsGoneButACheckpointIsThere) {
  const Folder run = new_run();
  const FileLock lock(run.file(kLockFile), 0, "the run");  // as a worker holds it
  EXPECT_EQ(begin_attempt(run), 1);
  EXPECT_EQ(state_of(run), State::kRunning);
  // Another process has the number now.
  Process other = this_process();
  ++other.start;
  note_attempt(run, 2, other);
  EXPECT_EQ(state_of(run), State::kQueued);
  std::filesystem::create_directory(run.file(kCheckpointFolder));
  publish_file(run.file(kCheckpointFolder) + "/step-1.json", "{}");
  EXPECT_EQ(state_of(run), State::kInterrupted);
  write_result(run, failure("out of luck", 2));
  EXPECT_EQ(state_of(run), State::kFailed);
}

TEST_F(RunFolder, OfACopiedLabIsNotRunningWhileTheOriginalIs) {
  const Folder run = new_run();
  const FileLock lock(run.file(kLockFile), 0, "the run");
  begin_attempt(run);
  ASSERT_EQ(state_of(run), State::kRunning);
  std::filesystem::copy(lab_, path("copy"), std::filesystem::copy_options::recursive);
  EXPECT_EQ(state_of(folder_of(path("copy"), run.uuid())), State::kQueued);
}

TEST_F(RunFolder, IsNotRunningAfterAReboot) {
  const Folder run = new_run();
  Process process = this_process();
  process.boot = "another boot";
  note_attempt(run, 1, process);
  EXPECT_EQ(state_of(run), State::kQueued);
}

TEST_F(RunFolder, IsRunningOnAnotherHostWhileItsBeatIsFresh) {
  const Folder run = new_run();
  Process elsewhere = this_process();
  elsewhere.host = "elsewhere";
  note_attempt(run, 1, elsewhere);
  EXPECT_EQ(state_of(run), State::kQueued) << "no beat yet";
  const std::time_t now = std::time(nullptr);
  write_beat(run, {elsewhere, {}, now});
  EXPECT_EQ(state_of(run), State::kRunning);
  write_beat(run, {elsewhere, {}, now - 3600});
  EXPECT_EQ(state_of(run), State::kQueued);
}

TEST_F(RunFolder, KeepsItsCheckpointWhereTheBeatIsDamaged) {
  const Folder run = new_run();
  Process elsewhere = this_process();
  elsewhere.host = "elsewhere";
  note_attempt(run, 1, elsewhere);
  std::filesystem::create_directory(run.file(kCheckpointFolder));
  publish_file(run.file(kCheckpointFolder) + "/step-1.json", "{}");
  for (const char* beat : {"{}", R"({"time": "yesterday"})", R"({"time": [1]})", "{\"ti"}) {
    publish_file(run.file(kBeatFile), beat);
    EXPECT_EQ(state_of(run), State::kInterrupted) << beat;
  }
  const std::string now = std::to_string(std::time(nullptr));
  publish_file(run.file(kBeatFile), R"({"time": )" + now + ".25}");
  EXPECT_EQ(state_of(run), State::kRunning) << "a fraction of a second is a time, too";
}

TEST_F(RunFolder, HoldsPlainFiles) {
  const Folder run = new_run();
  EXPECT_NO_THROW(require_plain_files(run));
  std::filesystem::create_symlink(run.file(kSpecFile), run.file(kEventsFile));
  EXPECT_EQ(message_of([&] { require_plain_files(run); }),
            run.file(kEventsFile) +
                ": is a link. The folder of a run holds plain files; restore it from a copy.");
  std::filesystem::remove(run.file(kEventsFile));
  std::filesystem::create_directory(run.file(kResultFile));
  EXPECT_THAT(message_of([&] { require_plain_files(run); }), HasSubstr("result.json: is a folder"));
}

TEST_F(RunFolder, HasAStampThatFollowsItsFiles) {
  const Folder run = new_run();
  std::set<std::string> stamps = {files_stamp(run)};
  EXPECT_EQ(files_stamp(run), *stamps.begin());
  publish_file(run.file(kLogFile), "nothing rests on it");
  EXPECT_EQ(files_stamp(run), *stamps.begin());
  publish_file(run.file(kRanksFile), "new");
  stamps.insert(files_stamp(run));
  std::filesystem::last_write_time(run.file(kRanksFile), {});
  stamps.insert(files_stamp(run));
  std::filesystem::permissions(run.file(kRanksFile), std::filesystem::perms::none);
  stamps.insert(files_stamp(run));
  std::filesystem::remove(run.file(kHeaderFile));
  stamps.insert(files_stamp(run));
  EXPECT_THAT(stamps, SizeIs(5));
}

TEST_F(RunFolder, ClosesTheAttemptThatAKillLeftOpen) {
  const Folder run = new_run();
  begin_attempt(run);
  const std::string unfinished = read_file(run.file(kAttemptsFile)) + R"({"number": 1, "en)";
  publish_file(run.file(kAttemptsFile), unfinished);
  close_attempt(run, 137, "killed");
  close_attempt(run, 137, "killed");
  const auto records = read_records(run.file(kAttemptsFile));
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[1]["reason"], "killed");
  EXPECT_EQ(records[1]["exit"], 137);
  EXPECT_TRUE(last_attempt(run).ended);
}

TEST_F(RunFolder, CountsTheAttemptAfterAnUnfinishedLine) {
  const Folder run = new_run();
  EXPECT_EQ(begin_attempt(run), 1);
  publish_file(run.file(kAttemptsFile),
               read_file(run.file(kAttemptsFile)) + R"({"number": 1, "en)");
  EXPECT_EQ(begin_attempt(run), 2);
  end_attempt(run, 2, 0, "");
  EXPECT_THAT(read_records(run.file(kAttemptsFile)), SizeIs(3));
  EXPECT_TRUE(last_attempt(run).ended);
}

TEST_F(RunFolder, SaysWhichKeyIsWrong) {
  const Folder run = new_run();
  auto header = *read_json(run.file(kHeaderFile));
  header["seed"] = 1.5;
  publish_file(run.file(kHeaderFile), header.dump());
  EXPECT_THAT(message_of([&] { read_header(run); }),
              HasSubstr("cell.json: seed: must be an integer, but is 1.5"));
  header["seed"] = 18446744073709551615u;
  publish_file(run.file(kHeaderFile), header.dump());
  EXPECT_THAT(message_of([&] { read_header(run); }), HasSubstr("seed: is too large"));
}

TEST_F(RunFolder, RefusesACopyUnderAnotherName) {
  const Folder run = new_run();
  const Folder copy = folder_of(lab_, new_uuid());
  std::filesystem::copy(run.path, copy.path);
  EXPECT_THAT(message_of([&] { read_header(copy); }), HasSubstr("A copied run must keep its name"));
}

TEST_F(RunFolder, FindsARunByItsFirstDigitsOnlyWhereTheyAreClear) {
  new_run();
  new_run();
  EXPECT_THAT(message_of([&] { find_run(lab_, "zzzz"); }), HasSubstr("has no such run"));
  EXPECT_THAT(message_of([&] { find_run(lab_, ""); }), HasSubstr("has no such run"));
  EXPECT_THAT(list_runs(lab_), SizeIs(2));
}

TEST_F(RunFolder, RemovesWhatAKilledProcessLeftHalfMadeAndNothingElse) {
  const Folder run = new_run();
  std::filesystem::create_directories(lab_ + "/runs/.new-" + new_uuid());
  remove_half_made_runs(lab_);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(lab_ + "/runs"), {}), 1);
  EXPECT_TRUE(std::filesystem::exists(run.path));
}

TEST_F(RunFolder, IsUnpackedInAStagingFolderThatGoesAway) {
  std::string path;
  {
    const Staging staging(runs_folder(lab_));
    path = staging.path();
    write("lab/runs/" + std::filesystem::path(path).filename().string() + "/x", "y");
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_THAT(list_runs(lab_), SizeIs(0));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RunFolder, KeepsThePlanOfAnExperimentBesideTheRuns) {
  save_plan(lab_, experiment_);
  ASSERT_THAT(plan_files(lab_), ElementsAre(plan_file(lab_, "study")));
  const ExperimentPlan plan = read_plan(plan_file(lab_, "study"));
  EXPECT_EQ(plan.name, "study");
  EXPECT_THAT(plan.axes, ElementsAre("framework"));
  ASSERT_THAT(plan.runs, SizeIs(1));
  EXPECT_EQ(plan.runs[0].hash, experiment_.runs[0].hash);
  EXPECT_EQ(plan.runs[0].seed, experiment_.runs[0].run.seed);
  EXPECT_EQ(plan.runs[0].labels, experiment_.runs[0].labels);
  save_plan(lab_, experiment_);
  EXPECT_EQ(read_plan(plan_file(lab_, "study")).created, plan.created) << "the same plan";
  EXPECT_EQ(plan_date(plan_file(lab_, "study")), plan.created);
  experiment_.runs[0].hash = "another";
  save_plan(lab_, experiment_);
  EXPECT_NE(read_plan(plan_file(lab_, "study")).created, plan.created);
}

TEST_F(RunFolder, ThePlansDateIsThatOfThePlanAlone) {
  experiment_.resolved = {{"note", "\n \"created\": \"then\""}, {"of", {{"created", "then"}}}};
  save_plan(lab_, experiment_);
  const std::string path = plan_file(lab_, "study");
  const std::string date = read_plan(path).created;
  EXPECT_EQ(plan_date(path), date);
  const auto document = *read_json(path);
  for (const int indent : {-1, 0, 1, 4}) {
    publish_file(path, document.dump(indent));
    EXPECT_EQ(plan_date(path), date) << "indented by " << indent;
  }
  publish_file(path, "{");
  EXPECT_EQ(plan_date(path), "");
}

TEST(Uuid, IsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(new_uuid());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_TRUE(is_uuid(*seen.begin()));
  EXPECT_FALSE(is_uuid("../../../../../../../../etc/passwd0000"));
}

}  // namespace
}  // namespace lea::run
