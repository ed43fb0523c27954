// The log.txt that a worker writes: what a run loaded and did, what its plugins log, and its end.
#include <algorithm>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/run/folder.h"
#include "core/run/result.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class WorkerLog : public LabCommand {
 protected:
  // Runs one small run of the backbone that logs, warns and prints.
  run::Folder finished_run(const std::vector<std::string>& options = {}, int exit_code = 0,
                           const std::string& throws = "false") const {
    write("spec.yaml", R"(name: logged
data: {name: toy, path: interactions.tsv}
backbone: {test.talkative: {throws: )" +
                           throws + R"(}}
framework: supervised
train: {batch_size: 32, max_steps: 20, validate_every: 10, log_every: 1}
seeds: [1]
)");
    std::vector<std::string> command = {"--plugin-dir", LEA_TALKATIVE};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"run", path("spec.yaml")});
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    return run::list_runs(path("lab")).at(0);
  }
  // Each line without its time: "info  train: message".
  static std::vector<std::string> lines_of(const run::Folder& run) {
    std::vector<std::string> lines;
    std::ifstream file(run.file(run::kLogFile));
    for (std::string line; std::getline(file, line);)
      lines.push_back(parse_log_line(line) ? line.substr(25) : line);
    return lines;
  }
};

TEST_F(WorkerLog, DescribesARunThatWentWell) {
  const auto lines = lines_of(finished_run());
  const std::string time = " [0-9]+[.][0-9]+ s";
  for (const std::string& expected : std::vector<std::string>{
           "info  worker: attempt 1 of run [0-9a-f-]+: LEA Lab [0-9.]+, LibTorch [^,]+, host "
           "[^,]+, process [0-9]+",
           "info  worker: begin of load",
           "info  worker: end of load after" + time,
           "info  worker: data set toy: 120 sequences, 1200 events, 40 items",
           "info  worker: [0-9]+ threads?, device cpu",
           "info  worker: memory: (at most [0-9]+ MiB more, of [0-9]+ MiB that are available|no "
           "limit)",
           "info  worker: loaded backbone test.talkative 1.0.0, sha256 [0-9a-f]+, from "
           ".*/talkative.so",
           "info  worker: loaded framework lea.supervised [0-9.]+, sha256 [0-9a-f]+, from .*",
           "info  train: begin of train",
           "info  train: validation at step 10: ndcg@[0-9]+ 0[.][0-9]+ in" + time +
               ", the best is step [12]0",
           "info  train: checkpoint of step 20: [0-9]+ bytes in" + time,
           "info  train: end of train after" + time +
               ": all steps done, the last is 20, the best is step [12]0",
           "info  train: end of valid after" + time + ": [0-9]+ events",
           "info  train: begin of test",
           "info  train: end of test after" + time + ": [0-9]+ events",
       }) {
    EXPECT_THAT(lines, Contains(MatchesRegex(expected)));
  }
  EXPECT_THAT(lines.back(), MatchesRegex("info  worker: finished after" + time));
}

TEST_F(WorkerLog, HasWhatAPluginLogsAndPrintsAndLibTorchsWarnings) {
  const run::Folder run = finished_run();
  const auto lines = lines_of(run);
  for (const char* expected :
       {"info  test.talkative: made", "warn  test.talkative: second call\\x0aof encode",
        "warn  libtorch: a warning through LibTorch", "printed by a plugin"}) {
    EXPECT_EQ(std::count(lines.begin(), lines.end(), expected), 1) << expected;
  }
  EXPECT_THAT(lines, Not(Contains(HasSubstr("a detail")))) << "debug, which is not on";
  const auto shown = lealab({"log", run.uuid(), "--level", "warn"});
  EXPECT_EQ(std::count(shown.out.begin(), shown.out.end(), '\n'), 3) << shown.out;
}

TEST_F(WorkerLog, HoldsTheLevelThatTheOptionOrElseTheVariableNames) {
  through_ = {"/usr/bin/env", "LEALAB_LOG=debug"};
  EXPECT_THAT(lines_of(finished_run()), Contains("debug test.talkative: a detail"));
  fs::remove_all(path("lab"));
  EXPECT_THAT(lines_of(finished_run({"--log-level", "warn"})),
              ElementsAre("warn  test.talkative: second call\\x0aof encode",
                          "warn  libtorch: a warning through LibTorch", "printed by a plugin"));
}

TEST_F(WorkerLog, EndsWithTheReasonOfAFailure) {
  const run::Folder run = finished_run({}, /*exit_code=*/5, /*throws=*/"true");
  const std::string reason = "backbone test.talkative at encode(), step 2, threw: enough";
  EXPECT_EQ(run::read_result(run)->reason, reason);
  const auto lines = lines_of(run);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.back(), "error worker: " + reason);
  EXPECT_THAT(lines.at(lines.size() - 2),
              MatchesRegex("info  worker: failed after [0-9.]+ s with exit code 6"));
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [&](const auto& line) { return line.ends_with(reason); }),
            1)
      << "printed where the log is, it would be there twice";
  EXPECT_THAT(lealab({"log", run.uuid(), "--level", "error"}).out,
              HasSubstr("enough\nwith a second line\n"));
}

TEST_F(WorkerLog, CannotEndARunWhereItCannotBeWritten) {
  const run::Folder run = finished_run();
  fs::remove(run.file(run::kResultFile));
  fs::remove(run.file(run::kLogFile));
  fs::create_symlink("/dev/full", run.file(run::kLogFile));
  const auto again = lab::run_process({LEALAB_WORKER, "train", "--lab", path("lab"), "--run",
                                       run.path, "--plugin-dir", LEA_TALKATIVE},
                                      300);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(run::read_result(run)->state, run::State::kFinished);
}

TEST_F(WorkerLog, LeavesTheMessagesForPeopleOnStandardError) {
  const run::Folder run = finished_run({}, /*exit_code=*/5, /*throws=*/"true");
  fs::remove(run.file(run::kResultFile));
  const auto by_hand = lab::run_process({LEALAB_WORKER, "train", "--lab", path("lab"), "--run",
                                         run.path, "--plugin-dir", LEA_TALKATIVE},
                                        300);
  EXPECT_EQ(by_hand.exit_code, 6);
  EXPECT_THAT(by_hand.err, testing::EndsWith("at encode(), step 2, threw: enough\n"));
  EXPECT_THAT(by_hand.err, Not(HasSubstr("begin of train")));
}

}  // namespace
}  // namespace lea
