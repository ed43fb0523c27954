// Many processes, and processes that die.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "core/base/error.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

// Runs `work` in a child; its exit code is 0 unless it throws.
pid_t in_child(const std::function<void()>& work) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  int code = 0;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    code = 1;
  }
  _exit(code);
}

int status_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

TEST(ManyProcesses, SixteenWritersAllSucceed) {
  const Lab lab;
  std::vector<pid_t> writers;
  for (int w = 0; w < 16; ++w) {
    writers.push_back(in_child([&, w] {
      for (int i = 0; i < 5; ++i) {
        Store store(lab.path(), Store::Mode::kWrite);
        put(store, w * 100 + i);
      }
    }));
  }
  for (const pid_t pid : writers) EXPECT_EQ(status_of(pid), 0);
  EXPECT_EQ(Store(lab.path(), Store::Mode::kReadOnly).runs().size(), 80u);
}

// Several grids, and the commands that read, may collect the same run at once.
TEST(ManyProcesses, TheSameRunStoredByAllIsStoredOnce) {
  const Lab lab;
  std::vector<pid_t> writers;
  for (int w = 0; w < 8; ++w) {
    writers.push_back(in_child([&, w] {
      for (int i = 0; i < 10; ++i) {
        Store store(lab.path(), Store::Mode::kWrite);
        RunRow run = finished_run(i);
        if (w % 2 == 0) {
          put(store, i);
        } else {  // has read the folder before the run ended
          run.state = "running";
          run.result = nullptr;
          store.put(run, {}, {});
        }
      }
    }));
  }
  for (const pid_t pid : writers) EXPECT_EQ(status_of(pid), 0);
  const Store store(lab.path(), Store::Mode::kReadOnly);
  const Lab other;
  Store once(other.path(), Store::Mode::kWrite);
  for (int i = 0; i < 10; ++i) put(once, i);
  EXPECT_EQ(store.content_hash(), once.content_hash());
  EXPECT_THAT(store.problems(), ::testing::IsEmpty());
}

TEST(ManyProcesses, AReaderNeverFailsWhileOneWrites) {
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  const pid_t writer = in_child([&] {
    for (int i = 0; i < 60; ++i) {
      Store store(lab.path(), Store::Mode::kWrite);
      put(store, i);
    }
  });
  size_t seen = 0, between = 0;
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(writer, &status, WNOHANG)) == 0) {
    const Store store(lab.path(), Store::Mode::kReadOnly);
    const size_t runs = store.runs().size();
    EXPECT_GE(runs, seen);
    EXPECT_EQ(store.results().size() % 5, 0u) << "a run was seen in part";
    seen = runs;
    between += runs > 0 && runs < 60;
  }
  EXPECT_EQ(ended, writer);
  EXPECT_EQ(status, 0);
  EXPECT_GT(between, 0u) << "nothing was read while it wrote: the test proves nothing";
  EXPECT_EQ(Store(lab.path(), Store::Mode::kReadOnly).runs().size(), 60u);
}

// The child notes each run once put() has returned. None of these runs may be missing afterwards,
// and none may be there in part. Adds to `acknowledged` how many they are.
void kill_while_writing(const std::string& lab, int round, double milliseconds, int* acknowledged) {
  const std::string noted = lab + "/noted-" + std::to_string(round);
  const pid_t writer = in_child([&] {
    Store store(lab, Store::Mode::kWrite);
    for (int i = 0;; ++i) {
      put(store, round * 10000 + i);
      std::ofstream(noted, std::ios::app) << i << "\n";
    }
  });
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
  kill(writer, SIGKILL);
  const int status = status_of(writer);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it had ended by itself";
  const Store store(lab, Store::Mode::kReadOnly);
  ASSERT_THAT(store.problems(), ::testing::IsEmpty());
  std::ifstream file(noted);
  for (int i = 0; file >> i;) {
    ASSERT_TRUE(store.run(uuid_of(round * 10000 + i)).has_value())
        << "acknowledged run " << i << " is lost";
    ++*acknowledged;
  }
  EXPECT_EQ(store.results().size(), store.runs().size() * 5);
}

TEST(KilledWriter, LosesNothingThatWasAcknowledged) {
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  std::mt19937 random(1);
  int acknowledged = 0;
  // A busy machine stores little in 40 ms, so later rounds last longer.
  for (int round = 0; round < 30 || (acknowledged <= 30 && round < 200); ++round) {
    const double longest = 40.0 * (1 + round / 30);
    kill_while_writing(lab.path(), round, std::uniform_real_distribution(1.0, longest)(random),
                       &acknowledged);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(acknowledged, 30) << "hardly a run was stored: the test proves nothing";
}

TEST(KilledWriter, LeavesAllOfWhatIsStoredTogetherOrNothing) {
  constexpr int kTogether = 40;
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  std::mt19937 random(1);
  size_t stored = 0;
  // A busy machine stores little in 60 ms, so later rounds last longer.
  for (int round = 0; round < 20 || (stored == 0 && round < 200); ++round) {
    const pid_t writer = in_child([&] {
      Store store(lab.path(), Store::Mode::kWrite);
      for (int i = 0;; i += kTogether) store.put_all(puts_of(round * 100000 + i, kTogether));
    });
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(
        std::uniform_real_distribution(1.0, 60.0 * (1 + round / 20))(random)));
    kill(writer, SIGKILL);
    const int status = status_of(writer);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it had ended by itself";
    const Store store(lab.path(), Store::Mode::kReadOnly);
    stored = store.runs().size();
    ASSERT_EQ(stored % kTogether, 0u);
    ASSERT_EQ(store.results().size(), stored * 5);
    ASSERT_THAT(store.problems(), ::testing::IsEmpty());
  }
  EXPECT_GT(stored, 0u) << "nothing was stored: the test proves nothing";
}

// The index may not grow beyond a size, as on a disk that is nearly full.
TEST(FullDisk, TakesTheRunsThatFitAndNamesTheOthers) {
  constexpr int kRuns = 100;
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  auto puts = puts_of(0, kRuns);
  for (Store::Put& put : puts) put.record.run.spec = {{"text", std::string(20000, 'x')}};
  const pid_t writer = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    Store store(lab.path(), Store::Mode::kWrite);
    const rlim_t most = std::filesystem::file_size(lab.file()) + 500000;
    const rlimit limit = {most, most};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("setrlimit");
    const auto refused = store.put_all(puts);
    if (refused.size() + store.runs().size() != kRuns) throw std::runtime_error("one is missing");
    for (const auto& [index, reason] : refused) {
      if (reason.find("results.sqlite: ") == std::string::npos) throw std::runtime_error(reason);
    }
  });
  ASSERT_EQ(status_of(writer), 0);
  {
    const Store store(lab.path(), Store::Mode::kReadOnly);
    EXPECT_GT(store.runs().size(), 5u);
    EXPECT_LT(store.runs().size(), 30u);
    EXPECT_EQ(store.results().size(), store.runs().size() * 5);
    EXPECT_THAT(store.problems(), ::testing::IsEmpty());
  }
  Store store(lab.path(), Store::Mode::kWrite);
  EXPECT_THAT(store.put_all(puts), ::testing::IsEmpty());
  EXPECT_EQ(store.runs().size(), size_t{kRuns});
}

// A journal that a killed writer left is rolled back for a viewer, too.
TEST(KilledWriter, LeavesAFileThatAViewerCanOpen) {
  const Lab lab;
  {
    Store store(lab.path(), Store::Mode::kWrite);
    put(store, 1);
  }
  const pid_t writer = in_child([&] {
    sqlite3* handle = nullptr;
    sqlite3_open(lab.file().c_str(), &handle);
    // A tiny cache spills pages into the file before the commit.
    sqlite3_exec(
        handle,
        "PRAGMA cache_size=1; BEGIN IMMEDIATE; DELETE FROM result; WITH RECURSIVE n(i) AS (SELECT "
        "1 "
        "UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO curve SELECT uuid, 'x', i, 1.0 "
        "FROM run, n;",
        nullptr, nullptr, nullptr);
    kill(getpid(), SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(status_of(writer)));
  ASSERT_TRUE(std::filesystem::exists(lab.file() + "-journal"))
      << "the kill left no journal: the test proves nothing";
  const Store store(lab.path(), Store::Mode::kReadOnly);
  EXPECT_EQ(store.results().size(), 5u);
  EXPECT_THAT(store.problems(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace lea::db
