// `lealab log` shows the log of a run, while it grows and is renamed. The test is the worker.
#include "core/base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/run/attempt.h"
#include "core/run/folder.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

const std::string kUuid = "11111111-2222-4333-8444-555555555555";
const std::string kTime = "2026-01-31T23:59:59.123Z ";

class LogCommand : public LabCommand {
 protected:
  LogCommand() { fs::create_directories(run_.path); }
  ~LogCommand() override { open_log("/dev/null", LogLevel::kError); }

  // The run is at work from now on, by this process.
  int64_t begin_run() {
    lock_ = std::make_unique<FileLock>(run_.file(run::kLockFile), 0, "the run");
    return run::begin_attempt(run_);
  }
  void write_log(const std::string& text, int age = 0) const {
    std::ofstream(old_log(run_.file(run::kLogFile), age)) << text;
  }
  // Starts `lealab log --follow` and collects its lines.
  void follow(const std::vector<std::string>& options = {}) {
    std::vector<std::string> command = {LEALAB_PROGRAM, "--lab", path("lab"),
                                        "log",          kUuid,   "--follow"};
    command.insert(command.end(), options.begin(), options.end());
    reader_ = std::make_unique<lab::Child>(command, path("stderr.txt"));
  }
  void read() {
    reader_->read_lines([&](const std::string& line) {
      const auto parsed = parse_log_line(line);
      shown_.push_back(parsed ? parsed->message : line);
    });
  }
  void wait_until_shown(const std::string& message) {
    wait_for([&] {
      read();
      return !shown_.empty() && shown_.back() == message;
    });
  }
  int exit_code_of_reader() {
    lab::ProcessResult result;
    wait_for([&] {
      read();
      return reader_->finished(&result);
    });
    read();
    return result.exit_code;
  }
  static void wait_for(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing happens";
      std::this_thread::sleep_for(5ms);
    }
  }

  run::Folder run_ = run::folder_of(path("lab"), kUuid);
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<lab::Child> reader_;
  std::vector<std::string> shown_;
};

TEST_F(LogCommand, ShowsTheFilesOfALogFromTheOldestOn) {
  write_log("1\n", 3);
  write_log("2\n", 1);
  write_log("3\n4\nno line break");
  EXPECT_EQ(lealab({"log", kUuid}).out, "1\n2\n3\n4\nno line break\n");
  EXPECT_EQ(lealab({"log", kUuid, "-n", "3"}).out, "3\n4\nno line break\n");
}

TEST_F(LogCommand, ShowsTheLinesOfALevelAndAboveAndWhatWasPrintedAfterThem) {
  const std::string info = kTime + "info  a: b\n", warn = kTime + "warn  a: b\n",
                    error = kTime + "error a: b\n", debug = kTime + "debug a: b\n";
  write_log("before all\n" + info + "after info\n" + warn + "after warn\n" + debug + error +
            "after error\n");
  EXPECT_EQ(
      lealab({"log", kUuid, "--level", "info"}).out,
      "before all\n" + info + "after info\n" + warn + "after warn\n" + error + "after error\n");
  EXPECT_EQ(lealab({"log", kUuid, "--level", "warn"}).out,
            "before all\n" + warn + "after warn\n" + error + "after error\n");
  EXPECT_EQ(lealab({"log", kUuid, "--level", "error"}).out, error + "after error\n");
  EXPECT_EQ(lealab({"log", kUuid, "--level", "warn", "-n", "3"}).out,
            "after warn\n" + error + "after error\n");
  EXPECT_THAT(lealab({"log", kUuid}).out, HasSubstr(debug));
}

TEST_F(LogCommand, RefusesALevelThatItDoesNotKnow) {
  write_log("");
  const auto shown = lealab({"log", kUuid, "--level", "warning"});
  EXPECT_EQ(shown.exit_code, 2);
  EXPECT_EQ(shown.err, "--level must be debug, info, warn or error, but is `warning`\n");
  const auto set = lealab({"--log-level", "loud", "ls"});
  EXPECT_EQ(set.exit_code, 2);
  EXPECT_EQ(set.err, "--log-level must be debug, info, warn or error, but is `loud`\n");
  through_ = {"/usr/bin/env", "LEALAB_LOG=loud"};
  const auto variable = lealab({"ls"});
  EXPECT_EQ(variable.exit_code, 2);
  EXPECT_EQ(variable.err, "$LEALAB_LOG must be debug, info, warn or error, but is `loud`\n");
}

TEST_F(LogCommand, SaysThatARunHasNoLogYet) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"log", kUuid}, {"log", kUuid, "--follow"}}) {
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err,
              run_.file(run::kLogFile) + ": there is no log; the run has not started yet\n");
  }
}

TEST_F(LogCommand, FollowsARunThatNobodyWorksOnNoFurther) {
  write_log("1\n2\nno line break");
  const auto result = lealab({"log", kUuid, "--follow"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "1\n2\nno line break\n");
}

TEST_F(LogCommand, FollowsALiveLogThroughItsRenamingToTheEnd) {
  const int64_t attempt = begin_run();
  open_log(run_.file(run::kLogFile), LogLevel::kInfo);
  log(LogLevel::kInfo, "a", "0");
  log(LogLevel::kInfo, "a", "1");
  follow({"-n", "1"});
  wait_until_shown("1");
  // Several renamings between two looks of the reader.
  const std::string filler(10000, '.');
  const int last = static_cast<int>(3 * kLogBytes / filler.size());
  for (int i = 2; i < last; ++i) log(LogLevel::kInfo, "a", std::to_string(i) + " " + filler);
  ASSERT_TRUE(fs::exists(old_log(run_.file(run::kLogFile), 3)));
  log(LogLevel::kInfo, "a", std::to_string(last));
  wait_until_shown(std::to_string(last));
  log(LogLevel::kInfo, "a", "finished");
  run::end_attempt(run_, attempt, 0, "");
  EXPECT_EQ(exit_code_of_reader(), 0) << read_file(path("stderr.txt"));
  ASSERT_EQ(shown_.size(), static_cast<size_t>(last) + 1);
  for (int i = 1; i < last; ++i)
    EXPECT_THAT(shown_.at(i - 1) + " ", StartsWith(std::to_string(i) + " "));
  EXPECT_EQ(shown_.back(), "finished");
}

TEST_F(LogCommand, FollowsOnlyTheLinesOfALevel) {
  const int64_t attempt = begin_run();
  open_log(run_.file(run::kLogFile), LogLevel::kInfo);
  log(LogLevel::kWarning, "a", "first warning");
  follow({"--level", "warn"});
  wait_until_shown("first warning");
  log(LogLevel::kInfo, "a", "not shown");
  log(LogLevel::kWarning, "a", "second warning");
  wait_until_shown("second warning");
  run::end_attempt(run_, attempt, 0, "");
  EXPECT_EQ(exit_code_of_reader(), 0);
  EXPECT_EQ(shown_, (std::vector<std::string>{"first warning", "second warning"}));
}

TEST_F(LogCommand, EndsWithOneMessageWhenTheLabIsRemoved) {
  begin_run();
  write_log("1\n");
  follow();
  wait_until_shown("1");
  fs::rename(path("lab"), path("elsewhere"));
  EXPECT_EQ(exit_code_of_reader(), 4);
  const std::string said = read_file(path("stderr.txt"));
  EXPECT_THAT(said, StartsWith(run_.path + ": was removed while its log was followed."));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(LogCommand, ReportsAFullDiskAsTheOtherCommandsDo) {
  write_log("1\n");
  const auto result = lab::run_process(
      {"/bin/sh", "-c",
       std::string(LEALAB_PROGRAM) + " --lab " + path("lab") + " log " + kUuid + " >/dev/full"},
      60);
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.err, "cannot write to standard output: disk full or pipe closed\n");
}

}  // namespace
}  // namespace lea
