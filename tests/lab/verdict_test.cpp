// What the end of an attempt means: one row for each way to end.
#include "core/lab/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/files.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using How = Ended::How;
using Is = Verdict::Is;
using testing::HasSubstr;

struct Row {
  const char* name;
  How how;
  int value;
  const char* result;  // finished, failed, or "" for none
  const char* log;
  Is is;
  bool for_good, unsupplied;
  int exit;
  const char* reason;
};

const Row kRows[] = {
    {"Finished", How::kExit, 0, "finished", "", Is::kFinished, false, false, 0, ""},
    {"FinishedThenKilled", How::kSignal, SIGKILL, "finished", "", Is::kFinished, false, false, 0,
     ""},
    {"Failed", How::kExit, 3, "failed", "x", Is::kFailed, false, false, 3, "out of luck"},
    {"Interrupted", How::kExit, 7, "", "", Is::kInterrupted, false, false, 7, ""},
    {"Terminated", How::kSignal, SIGTERM, "", "", Is::kInterrupted, false, false, 7, ""},
    {"InterruptedByCtrlC", How::kSignal, SIGINT, "", "", Is::kInterrupted, false, false, 7, ""},
    {"HungUp", How::kSignal, SIGHUP, "", "", Is::kInterrupted, false, false, 7, ""},
    {"KilledOnRequest", How::kStopped, SIGKILL, "", "", Is::kInterrupted, false, false, 7, ""},
    {"FullDisk", How::kExit, 4, "", "the disk is full\n", Is::kFailed, false, true, 4,
     "the disk is full"},
    {"FullDiskWithoutAWord", How::kExit, 4, "", "", Is::kFailed, false, true, 4,
     "the worker found no room, memory or permission in phase train, step 12, and none to say "
     "more"},
    {"OutOfMemory", How::kSignal, SIGKILL, "", "", Is::kFailed, false, false, 137,
     "the worker was killed (SIGKILL) in phase train, step 12, most often because memory ran out"},
    {"Crashed", How::kSignal, SIGSEGV, "", "first\nlast words\n\n", Is::kFailed, true, false, 139,
     "the worker crashed (SIGSEGV) in phase train, step 12; log.txt ends with: last words"},
    {"OtherSignal", How::kSignal, SIGUSR1, "", "", Is::kFailed, true, false, 138,
     "ended by signal 10 in phase train"},
    {"WithoutAResult", How::kExit, 0, "", "", Is::kFailed, true, false, 0,
     "the worker ended without a result in phase train, step 12"},
    {"OwnMistake", How::kExit, 70, "", "", Is::kFailed, true, false, 70,
     "the worker ended with code 70 in phase train, step 12"},
    {"OwnMistakeWithAReason", How::kExit, 70, "", "why\n", Is::kFailed, true, false, 70, "why"},
    {"Hung", How::kHung, 7200, "", "", Is::kFailed, true, false, 137,
     "the worker hung in phase train, step 12: no sign of life for 2 h 0 min"},
    {"Lost", How::kLost, 0, "", "", Is::kFailed, false, false, -1,
     "nobody knows how the worker ended in phase train, step 12"},
};

class VerdictTest : public testing::TestWithParam<Row> {};

TEST_P(VerdictTest, IsWhatTheTableSays) {
  const Row& row = GetParam();
  std::optional<run::Result> result;
  if (*row.result != 0) {
    result.emplace();
    result->state = *run::state_from(row.result);
    if (result->state == run::State::kFailed) result->reason = "out of luck";
  }
  const Verdict found =
      verdict({row.how, row.value, {"train", 12, 100, 1, 0, {}}}, result, row.log);
  EXPECT_EQ(found.is, row.is);
  EXPECT_EQ(found.for_good, row.for_good);
  EXPECT_EQ(found.unsupplied, row.unsupplied);
  EXPECT_EQ(found.exit, row.exit);
  EXPECT_THAT(found.reason, HasSubstr(row.reason));
  EXPECT_EQ(found.reason.empty(), *row.reason == 0) << found.reason;
}

INSTANTIATE_TEST_SUITE_P(Each, VerdictTest, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(Verdict, NamesThePluginAndTheMethodInWhichTheWorkerWas) {
  const std::string call = "backbone my.model at encode(), step 20";
  const auto reason = [&](How how, int value) {
    return verdict({how, value, {"train", 12, 100, 1, 0, {}}}, {}, "", call).reason;
  };
  EXPECT_EQ(reason(How::kSignal, SIGSEGV), "the worker crashed (SIGSEGV) in " + call);
  EXPECT_THAT(reason(How::kSignal, SIGKILL),
              HasSubstr("was killed (SIGKILL) in " + call + ", most"));
  EXPECT_THAT(reason(How::kHung, 60),
              HasSubstr("the worker hung in " + call + ": no sign of life"));
  EXPECT_EQ(reason(How::kExit, 0), "the worker ended without a result in " + call);
}

TEST(Verdict, FindsTheSameFailureAtAnotherStep) {
  EXPECT_EQ(without_steps("crashed in my.model at encode(), step 20, and in my.other, step 3"),
            "crashed in my.model at encode(), and in my.other");
  EXPECT_EQ(without_steps("framework my.one: the loss is not finite at step 312 (nan)"),
            "framework my.one: the loss is not finite (nan)");
  EXPECT_EQ(without_steps("a reason, step by step"), "a reason, step by step");
  EXPECT_EQ(without_steps("stands at step by step"), "stands at step by step");
}

TEST(Verdict, TakesTheOpenCallFromTheFolderAndRemovesIt) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"crash"});
  const run::Folder folder = new_run(lab.path(), experiment, experiment.runs[0]);
  const std::string file = folder.file(run::kCallFile);
  publish_file(file, std::string("backbone my.model at encode(), step 20") + '\0' + "of before");
  const Verdict found = settle(folder, {How::kSignal, SIGSEGV, {}}, 0, /*test=*/true);
  EXPECT_EQ(found.reason, "the worker crashed (SIGSEGV) in backbone my.model at encode(), step 20");
  EXPECT_EQ(run::read_result(folder)->reason, found.reason);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(Verdict, ShowsNoControlCharactersOfALog) {
  const Verdict found = verdict({How::kExit, 70, {}}, {}, "\x1b[2Jboo\n");
  EXPECT_THAT(found.reason, HasSubstr("\\x1b[2Jboo"));
}

}  // namespace
}  // namespace lea::lab
