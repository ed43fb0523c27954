#include "core/lab/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "core/base/error.h"
#include "tests/loader/folder.h"

namespace lea::lab {
namespace {

using testing::ElementsAre;

ProcessResult shell(const std::string& script, double seconds = 20, size_t limit = 1 << 20) {
  return run_process({"/bin/sh", "-c", script}, seconds, limit);
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Reads all lines of a child until it has ended.
std::vector<std::string> all_lines(Child& child, ProcessResult* result) {
  std::vector<std::string> lines;
  bool open = true;
  while (open) {
    pollfd wait{child.out(), POLLIN, 0};
    poll(&wait, 1, 1000);
    open = child.read_lines([&](const std::string& line) { lines.push_back(line); });
  }
  while (!child.finished(result)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return lines;
}

TEST(Process, KeepsBothOutputsAndTheExitCode) {
  const ProcessResult result = shell("echo out; echo err >&2; exit 9");
  EXPECT_EQ(result.exit_code, 9);
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(Process, NamesTheSignalThatEndedTheChild) {
  const ProcessResult result = shell("kill -SEGV $$");
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_EQ(result.exit_code, -1);
}

TEST(Process, IsEndedWhenItsWatcherSaysSo) {
  std::string seen;
  ProcessResult result;
  const double took = seconds_of([&] {
    result = run_process({"/bin/sh", "-c", "echo begun; sleep 20"}, 20, 1 << 20,
                         [&](const ProcessResult& so_far) {
                           seen = so_far.out;
                           return seen.empty();
                         });
  });
  EXPECT_LT(took, 10);
  EXPECT_EQ(seen, "begun\n");
  EXPECT_TRUE(result.stopped);
  EXPECT_FALSE(result.timed_out);
}

TEST(Process, PassesArgumentsAsTheyAre) {
  const ProcessResult result = run_process({"/bin/echo", "$(touch x); `id`", "a  b", "*"}, 20);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "$(touch x); `id` a  b *\n");
}

TEST(Process, KillsAChildAndItsChildrenAtTheLimit) {
  ProcessResult result;
  const double seconds = seconds_of([&] { result = shell("sleep 60 & echo $!; wait", 0.3); });
  EXPECT_TRUE(result.timed_out);
  EXPECT_LT(seconds, 5);
  const pid_t grandchild = std::stoi(result.out);
  for (int i = 0; i < 200 && kill(grandchild, 0) == 0; ++i) {
    if (test::read_all("/proc/" + std::to_string(grandchild) + "/stat").find(") Z") !=
        std::string::npos)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(kill(grandchild, 0), 0) << "process " << grandchild << " lives on";
}

TEST(Process, DoesNotWaitForAGrandchildThatHoldsThePipe) {
  ProcessResult result;
  EXPECT_LT(seconds_of([&] { result = shell("sleep 60 & echo done"); }), 5);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "done\n");
}

TEST(Process, CutsOutputAtTheLimitAndGoesOn) {
  const ProcessResult result = shell("head -c 3000000 /dev/zero; exit 4", 20, 1000);
  EXPECT_EQ(result.out.size(), 1000U);
  EXPECT_EQ(result.exit_code, 4);
}

TEST(Process, GivesNoInput) { EXPECT_EQ(shell("cat; echo end").out, "end\n"); }

TEST(Process, SaysWhichProgramIsMissing) {
  try {
    run_process({"/no/such/program"}, 1);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kEnvironment);
    EXPECT_STREQ(error.what(), "cannot start /no/such/program: No such file or directory.");
  }
}

TEST(Process, ReadsLinesAndLogsStderr) {
  const test::Folder folder;
  ProcessResult result;
  Child child({"/bin/sh", "-c",
               "echo one; printf two; sleep 0.1; echo ' more'; echo $WORD; echo log >&2; exit 3"},
              folder.at("log.txt"), {{"WORD", "three"}});
  EXPECT_THAT(all_lines(child, &result), ElementsAre("one", "two more", "three"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(test::read_all(folder.at("log.txt")), "log\n");
}

TEST(Process, SendsSignalsToTheGroup) {
  const test::Folder folder;
  ProcessResult result;
  Child child({"/bin/sh", "-c",
               "trap 'echo stopped; exit 7' TERM; echo ready; while :; do sleep 0.05; done"},
              folder.at("log.txt"));
  std::vector<std::string> lines;
  while (lines.empty()) {
    pollfd wait{child.out(), POLLIN, 0};
    poll(&wait, 1, 1000);
    child.read_lines([&](const std::string& line) { lines.push_back(line); });
  }
  child.send(SIGTERM);
  EXPECT_THAT(all_lines(child, &result), ElementsAre("stopped"));
  EXPECT_EQ(result.exit_code, 7);
}

TEST(Process, CutsALineThatNeverEnds) {
  const test::Folder folder;
  ProcessResult result;
  Child child({"/bin/sh", "-c", "head -c 5000000 /dev/zero; echo; echo next"},
              folder.at("log.txt"));
  const std::vector<std::string> lines = all_lines(child, &result);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), size_t{1} << 20);
  EXPECT_EQ(lines[1], "next");
}

TEST(Process, KillsTheChildWithItsOwner) {
  const test::Folder folder;
  pid_t pid = 0;
  {
    Child child({"/bin/sleep", "60"}, folder.at("log.txt"));
    pid = child.pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace lea::lab
