// `lealab run` that is killed at any moment: the same command resumes, and every run is finished
// once.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr int kKills = 20;
constexpr size_t kRandomKills = 100;
constexpr size_t kRuns = 10;

class Coordinator : public LabCommand {
 protected:
  Coordinator() {
    write("spec.yaml", R"(name: grid
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: 60, validate_every: 10, patience: 20}
backbone: gru4rec
grid: {framework: [popularity, markov, supervised, {snqn: {}}]}
seeds: [1, 2, 3, 4]
runs: 10
)");
  }
  std::vector<std::string> command(const std::string& lab) const {
    return {LEALAB_PROGRAM, "--lab", path(lab), "run", path("spec.yaml")};
  }
  // The ranks of each finished run by cell and seed. Fails the test when a run has finished twice.
  std::map<std::string, std::string> finished(const std::string& lab) const {
    std::map<std::string, std::string> ranks;
    if (!fs::exists(path(lab) + "/runs")) return ranks;
    for (const auto& run : fs::directory_iterator(path(lab) + "/runs")) {
      if (!fs::exists(run.path() / "result.json")) continue;
      const auto cell = nlohmann::json::parse(read_file(run.path() / "cell.json"));
      const std::string key = cell.at("hash").get<std::string>() + cell.at("seed").dump();
      EXPECT_TRUE(ranks.emplace(key, read_file(run.path() / "ranks.bin")).second)
          << "finished twice: " << run;
    }
    return ranks;
  }
};

TEST_F(Coordinator, KilledAtAnyMomentGoesOnAndFinishesEveryRunOnce) {
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(lab::run_process(command("whole"), 300).exit_code, 0);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  const auto expected = finished("whole");
  ASSERT_EQ(expected.size(), kRuns);

  // Until a third of the runs have finished, a call may live so long that some do. Later calls
  // die before that, so that enough is left to do.
  std::mt19937 random(7);
  for (int kill = 0; kill < kKills; ++kill) {
    const auto longest = whole.count() / (finished("killed").size() < kRuns / 3 ? 3 : 12);
    lab::Child child(command("killed"), path("err.txt"));
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + random() % longest));
    child.send(SIGKILL);
    lab::ProcessResult ended;
    while (!child.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_EQ(ended.signal, SIGKILL)
        << "it ended before, with code " << ended.exit_code << ": " << read_file(path("err.txt"));
  }
  const size_t before_last = finished("killed").size();
  std::printf("%zu of %zu runs had finished after %d kills\n", before_last, kRuns, kKills);
  EXPECT_GT(before_last, 0u) << "the kills came too early: the test proves little";
  EXPECT_LT(before_last, kRuns) << "the kills came too late: the test proves nothing";
  // Workers outlive the coordinator until they have written a checkpoint. The call waits for that.
  const auto last = lab::run_process(command("killed"), 300);
  EXPECT_EQ(last.exit_code, 0) << last.out << last.err;
  EXPECT_TRUE(finished("killed") == expected);

  const auto lealab = [&](const std::string& lab, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", path(lab)});
    return lab::run_process(arguments, 60);
  };
  EXPECT_EQ(lealab("killed", {"run", path("spec.yaml")}).exit_code, 0);
  const auto checked = lealab("killed", {"db", "check"});
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_EQ(checked.err, "");
  const auto table = [&](const std::string& lab) {
    return lealab(lab, {"table", "grid", "--format", "csv"}).out;
  };
  EXPECT_THAT(table("whole"), HasSubstr("\ngrid,gru4rec,snqn,predefined,4,")) << "four seeds";
  EXPECT_EQ(table("killed"), table("whole"));
}

// The processes whose arguments name the lab: grids, watchers and workers.
std::vector<pid_t> processes_of(const std::string& lab) {
  std::vector<pid_t> pids;
  for (const auto& process : fs::directory_iterator("/proc")) {
    const std::string name = process.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(process.path() / "cmdline", std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    if (line.find(lab) != std::string::npos && std::stoi(name) != getpid())
      pids.push_back(std::stoi(name));
  }
  return pids;
}

TEST_F(Coordinator, KillsOfGridsWatchersAndWorkersLoseAndRepeatNothing) {
  ASSERT_EQ(lab::run_process(command("whole"), 300).exit_code, 0);
  const auto expected = finished("whole");
  ASSERT_EQ(expected.size(), kRuns);

  // Two specs that share all of their runs: each of the two grids waits for the other's.
  std::string other = read_file(path("spec.yaml"));
  other.replace(other.find("name: grid"), 10, "name: twin");
  write("other.yaml", other);
  // The next call finishes every run, and every run was finished once.
  const auto check = [&](const std::string& lab) {
    // A grid that was just being left behind may have been missed.
    for (auto pids = processes_of(path(lab)); !pids.empty(); pids = processes_of(path(lab))) {
      for (const pid_t pid : pids) kill(pid, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto last = lab::run_process(command(lab), 300);
    EXPECT_EQ(last.exit_code, 0) << last.out << last.err;
    EXPECT_TRUE(finished(lab) == expected) << "a run is lost, was made twice, or differs";
    const auto checked = lab::run_process({LEALAB_PROGRAM, "--lab", path(lab), "db", "check"}, 60);
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  };
  std::mt19937 random(11);
  size_t killed = 0, rounds = 0, labs = 1;
  std::string lab = "killed-1";
  for (; killed < kRandomKills && rounds < 10 * kRandomKills; ++rounds) {
    if (finished(lab).size() == kRuns) {
      // Processes with nothing to do end at once, so there would be nothing to kill.
      check(lab);
      lab = "killed-" + std::to_string(++labs);
    }
    std::vector<std::unique_ptr<lab::Child>> children;
    const auto start = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", path(lab)});
      children.push_back(std::make_unique<lab::Child>(arguments, path("err.txt")));
    };
    const bool detach = random() % 2 == 0;
    start(detach ? std::vector<std::string>{"run", path("spec.yaml"), "--detach"}
                 : std::vector<std::string>{"run", path("spec.yaml")});
    start({"run", path("other.yaml"), "--jobs", "1"});
    start({"watch"});
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1500));
    std::vector<pid_t> pids = processes_of(path(lab));
    std::shuffle(pids.begin(), pids.end(), random);
    for (const pid_t pid : pids) {
      kill(pid, SIGKILL);
      ++killed;
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
    }
  }
  std::printf("%zu processes killed in %zu rounds, in %zu labs\n", killed, rounds, labs);
  EXPECT_GE(killed, kRandomKills);
  check(lab);
}

class Neighbours : public Coordinator {
 protected:
  // Starts a grid that works until it is ended.
  std::unique_ptr<lab::Child> endless(const std::string& spec) const {
    return std::make_unique<lab::Child>(
        std::vector<std::string>{LEALAB_PROGRAM, "--lab", path("lab"), "run", path(spec), "--set",
                                 "train.max_steps=100000", "--set", "train.patience=100000"},
        path("err.txt"));
  }
  bool wait_for(const std::function<bool()>& condition) const {
    for (int i = 0; i < 6000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }
  bool a_run_began() const {
    if (!fs::exists(path("lab/runs"))) return false;
    for (const auto& run : fs::directory_iterator(path("lab/runs"))) {
      if (fs::exists(run.path() / "attempts.jsonl")) return true;
    }
    return false;
  }
  static int end(lab::Child& child) {
    child.send(SIGTERM);
    lab::ProcessResult ended;
    while (!child.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return ended.exit_code;
  }
};

TEST_F(Neighbours, OfTheSameExperimentAreRefusedAndOfAnotherAreNot) {
  const auto first = endless("spec.yaml");
  ASSERT_TRUE(wait_for([&] { return a_run_began(); })) << read_file(path("err.txt"));
  const auto second = lealab({"run", path("spec.yaml")});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_THAT(second.err, HasSubstr("the experiment grid is in use by process"));
  EXPECT_THAT(second.err, HasSubstr("lealab watch grid"));
  EXPECT_EQ(lealab({"ls"}).exit_code, 0) << "reading is always allowed";
  const auto other = lealab({"run", path("spec.yaml"), "--set", "name=other", "--set",
                             "grid.framework=[popularity]", "--set", "runs=1"});
  EXPECT_EQ(other.exit_code, 0) << other.err;
  EXPECT_EQ(end(*first), 7);
}

TEST_F(Neighbours, ThatStartTogetherMakeEachSharedRunOnce) {
  std::vector<std::unique_ptr<lab::Child>> grids;
  for (const char* name : {"name=a", "name=b", "name=c"}) {
    grids.push_back(std::make_unique<lab::Child>(
        std::vector<std::string>{LEALAB_PROGRAM, "--lab", path("lab"), "run", path("spec.yaml"),
                                 "--set", name},
        path("err.txt")));
  }
  for (const auto& grid : grids) {
    lab::ProcessResult ended;
    ASSERT_TRUE(wait_for([&] {
      grid->read_lines([](const std::string&) {});
      return grid->finished(&ended);
    }));
    EXPECT_EQ(ended.exit_code, 0) << read_file(path("err.txt"));
  }
  EXPECT_EQ(finished("lab").size(), kRuns);
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_THAT(lealab({"table", name, "--format", "csv"}).out,
                HasSubstr(std::string("\n") + name + ",gru4rec,snqn,predefined,4,"));
  }
}

}  // namespace
}  // namespace lea
