// Grids in the background, watchers, requests and tasks by hand, as a user calls them.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class Background : public LabCommand {
 protected:
  Background() {
    write("short.yaml", spec("short", 40));
    write("endless.yaml", spec("endless", 10000000));
  }
  ~Background() override {
    lealab({"stop"});  // what a failed test has left
  }
  static std::string spec(const std::string& name, int steps) {
    return "name: " + name + R"(
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: )" +
           std::to_string(steps) + R"(, validate_every: 10, patience: 1000000}
backbone: gru4rec
grid: {framework: [supervised, {snqn: {}}]}
seeds: [1]
)";
  }
  std::unique_ptr<lab::Child> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", path("lab")});
    return std::make_unique<lab::Child>(arguments, path("err.txt"));
  }
  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 12000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }
  // Waits until the child has ended; returns its exit code, or 128 + its signal.
  static int end_of(lab::Child& child, std::string* out = nullptr) {
    lab::ProcessResult ended;
    EXPECT_TRUE(wait_for([&] {
      child.read_lines([&](const std::string& line) {
        if (out != nullptr) *out += line + "\n";
      });
      return child.finished(&ended);
    }));
    return ended.signal != 0 ? 128 + ended.signal : ended.exit_code;
  }
  std::vector<fs::path> runs() const {
    std::vector<fs::path> runs;
    if (!fs::exists(path("lab/runs"))) return runs;
    for (const auto& run : fs::directory_iterator(path("lab/runs"))) {
      if (fs::exists(run.path() / "cell.json")) runs.push_back(run.path());
    }
    return runs;
  }
  size_t with(const char* file) const {
    size_t count = 0;
    for (const fs::path& run : runs()) count += fs::exists(run / file);
    return count;
  }
  // The id in "grid ID works in the background".
  static std::string id_in(const std::string& out) {
    const size_t at = out.find("grid 2");
    return at == std::string::npos ? "" : out.substr(at + 5, out.find(' ', at + 5) - at - 5);
  }
  // Whether the program has come so far that it does not leave SIGINT to the system.
  static bool handles_ctrl_c(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigCgt:"))
        return (std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1) != 0;
    }
    return false;
  }
  bool at_work() const {
    return wait_for([&] { return with("beat") >= 1 && with("attempts.jsonl") >= 1; });
  }
};

TEST_F(Background, ADetachedGridFinishesAfterItsParentHasReturned) {
  const auto started = lealab({"run", path("short.yaml"), "--detach"});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  EXPECT_THAT(started.out, HasSubstr("2 to do"));
  const std::string id = id_in(started.out);
  EXPECT_TRUE(fs::exists(path("lab/grids/" + id + "/grid.json"))) << started.out;
  const auto watched = lealab({"watch", id});
  EXPECT_EQ(watched.exit_code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("grid " + id + " of short"));
  EXPECT_EQ(with("result.json"), 2u);
  EXPECT_THAT(lealab({"table", "short"}).out, HasSubstr("snqn"));
  const auto log = lealab({"log", id});
  EXPECT_THAT(log.out, HasSubstr("finished supervised seed 1"));
  EXPECT_THAT(log.out, HasSubstr("ended"));
  EXPECT_EQ(lealab({"watch", "short"}).exit_code, 0) << "of a grid that has ended";
}

TEST_F(Background, ADetachedGridIsRefusedInTheForeground) {
  const auto refused = lealab({"run", path("short.yaml"), "--detach", "--set", "backbone=gru5rec"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("gru4rec"));
  EXPECT_FALSE(fs::exists(path("lab/grids")));
  ASSERT_EQ(lealab({"run", path("endless.yaml"), "--detach"}).exit_code, 0);
  const auto second = lealab({"run", path("endless.yaml"), "--detach"});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_THAT(second.err, HasSubstr("the experiment endless is in use"));
  EXPECT_EQ(lealab({"stop", "endless"}).exit_code, 0);
}

TEST_F(Background, ADetachedGridOutlivesItsTerminal) {
  // `setsid` gives the command a session whose end hangs up on all that remain in it.
  through_ = {"setsid", "--wait", "sh", "-c", "\"$@\"; kill -HUP 0", "sh"};
  lealab({"run", path("endless.yaml"), "--detach"});
  through_.clear();
  ASSERT_TRUE(at_work()) << "it was hung up on";
  auto watch = start({"watch"});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  watch->send(SIGKILL);  // a watcher that is killed does not disturb it
  EXPECT_EQ(end_of(*watch), 128 + SIGKILL);
  EXPECT_EQ(with("result.json"), 0u);
  const auto stopped = lealab({"stop"});
  EXPECT_EQ(stopped.exit_code, 0);
  EXPECT_THAT(stopped.out, HasSubstr("stop: the grid stops"));
  const auto watched = lealab({"watch"});
  EXPECT_EQ(watched.exit_code, 7) << "the grid's exit code";
  EXPECT_THAT(watched.err, HasSubstr("The same command continues"));
  EXPECT_EQ(lealab({"stop", "endless"}).exit_code, 3) << "it has ended";
}

TEST_F(Background, AGridThatIsLeftBehindWithClosedStreamsKeepsItsLocks) {
  through_ = {"sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"};
  lealab({"run", path("endless.yaml"), "--detach"});
  through_.clear();
  ASSERT_TRUE(at_work());
  const auto second = lealab({"run", path("endless.yaml"), "--detach"});
  EXPECT_EQ(second.exit_code, 4) << second.out;
  EXPECT_EQ(lealab({"stop"}).exit_code, 0);
  EXPECT_EQ(lealab({"watch"}).exit_code, 7);
}

TEST_F(Background, AGridWithoutATerminalEndsAsItsWatchersSay) {
  ASSERT_EQ(lealab({"run", path("endless.yaml"), "--detach", "--stop-after", "4s"}).exit_code, 0);
  auto first = start({"watch", "--json"}), second = start({"watch"});
  std::string events, lines;
  EXPECT_EQ(end_of(*first, &events), 7);
  EXPECT_EQ(end_of(*second, &lines), 7);
  EXPECT_THAT(events, HasSubstr("\"event\":\"started\""));
  EXPECT_THAT(events, HasSubstr("its time is over (--stop-after)"));
  EXPECT_THAT(events, HasSubstr("\"event\":\"ended\",\"exit\":7"));
  EXPECT_EQ(with("checkpoint"), with("attempts.jsonl")) << "it ended with checkpoints";
}

TEST_F(Background, AGridThatIsKilledIsReportedAndContinued) {
  ASSERT_EQ(lealab({"run", path("endless.yaml"), "--detach"}).exit_code, 0);
  ASSERT_TRUE(at_work());
  for (const auto& grid : fs::directory_iterator(path("lab/grids"))) {
    if (!fs::exists(grid.path() / "grid.json")) continue;
    const auto header = nlohmann::json::parse(read_file(grid.path() / "grid.json"));
    kill(header.at("pid").get<pid_t>(), SIGKILL);
  }
  const auto watched = lealab({"watch"});
  EXPECT_EQ(watched.exit_code, 7);
  EXPECT_THAT(watched.err, HasSubstr("was killed. Nothing is lost"));
  const auto continued = lealab({"run", path("endless.yaml"), "--stop-after", "5s"});
  EXPECT_EQ(continued.exit_code, 7) << continued.err;
  EXPECT_EQ(runs().size(), 2u) << "in the same folders";
}

TEST_F(Background, AWatcherOfALabThatIsRemovedSaysSo) {
  ASSERT_EQ(lealab({"run", path("endless.yaml"), "--detach"}).exit_code, 0);
  ASSERT_TRUE(at_work());
  auto watch = start({"watch"});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::string moved = path("moved");
  fs::rename(path("lab"), moved);
  EXPECT_EQ(end_of(*watch), 4);
  EXPECT_THAT(read_file(path("err.txt")), HasSubstr("has vanished"));
  fs::rename(moved, path("lab"));
}

TEST_F(Background, OneRunIsStoppedAndRetriedByItsUuid) {
  ASSERT_EQ(lealab({"run", path("endless.yaml"), "--detach", "--jobs", "2"}).exit_code, 0);
  ASSERT_TRUE(wait_for([&] { return with("beat") == 2; }));
  const std::string uuid = runs().front().filename();
  const auto refused = lealab({"skip", uuid.substr(0, 8)});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("refused, because it runs"));
  const auto stopped = lealab({"stop", uuid.substr(0, 8)});
  EXPECT_THAT(stopped.out, HasSubstr("writes a checkpoint and stops")) << stopped.err;
  ASSERT_TRUE(wait_for([&] {
    return lealab({"ls", "state=interrupted"}).out.find(uuid.substr(0, 8)) != std::string::npos;
  }));
  EXPECT_THAT(lealab({"retry", uuid.substr(0, 8)}).out, HasSubstr("it starts again"));
  ASSERT_TRUE(wait_for([&] {
    return lealab({"ls", "state=running"}).out.find(uuid.substr(0, 8)) != std::string::npos;
  }));
  EXPECT_EQ(lealab({"stop"}).exit_code, 0);
  EXPECT_EQ(lealab({"watch"}).exit_code, 7);
}

TEST_F(Background, ARequestWithoutAMeaningIsRefused) {
  EXPECT_EQ(lealab({"stop"}).exit_code, 3) << "there is no lab";
  ASSERT_EQ(lealab({"run", path("short.yaml")}).exit_code, 0);
  EXPECT_EQ(lealab({"stop", "short"}).exit_code, 3);
  EXPECT_THAT(lealab({"stop", "short"}).err, HasSubstr("has ended already"));
  EXPECT_EQ(lealab({"stop", "nothing"}).exit_code, 2);
  EXPECT_EQ(lealab({"first"}).exit_code, 2);
  EXPECT_EQ(lealab({"watch", "nothing"}).exit_code, 2);
  EXPECT_EQ(lealab({"run", path("short.yaml"), "--stop-after", "soon"}).exit_code, 2);
}

TEST_F(Background, CtrlCInTheFirstMomentsEndsWithSeven) {
  for (const int milliseconds : {0, 20, 60, 150, 400}) {
    auto run = start({"run", path("endless.yaml")});
    ASSERT_TRUE(wait_for([&] { return handles_ctrl_c(run->pid()); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    run->send(SIGINT);
    EXPECT_EQ(end_of(*run), 7) << "after " << milliseconds << " ms";
  }
}

TEST_F(Background, ASecondCtrlCIsExplainedWhereAWorkerDoesNotStopAndKillsIt) {
  auto run = start({"run", path("endless.yaml"), "--jobs", "1"});
  ASSERT_TRUE(at_work());
  std::ifstream attempts(runs().front() / "attempts.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(attempts, line));
  const auto worker = nlohmann::json::parse(line).at("pid").get<pid_t>();
  kill(worker, SIGSTOP);  // it will not write a checkpoint
  run->send(SIGINT);
  std::string out;
  EXPECT_TRUE(wait_for([&] {
    run->read_lines([&](const std::string& text) { out += text + "\n"; });
    return out.find("a second Ctrl-C kills them") != std::string::npos;
  })) << out;
  run->send(SIGINT);
  EXPECT_EQ(end_of(*run, &out), 7);
  EXPECT_NE(kill(worker, 0), 0) << "the worker is still there";
}

TEST_F(Background, TasksByHandFinishASpec) {
  const auto listed = lealab({"tasks", path("short.yaml"), "--json"});
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  const auto tasks = nlohmann::json::parse(listed.out);
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(with("run.yaml"), 2u) << "a task is fixed from now on";
  EXPECT_EQ(lealab({"tasks", path("short.yaml"), "--json"}).out, listed.out) << "the same tasks";
  for (const auto& task : tasks) {
    const auto done = lab::run_process(task.at("command").get<std::vector<std::string>>(), 300);
    EXPECT_EQ(done.exit_code, 0) << done.err;
  }
  EXPECT_EQ(with("result.json"), 2u);
  EXPECT_THAT(lealab({"work", tasks.at(0).at("task")}).out, HasSubstr("has finished"));
  EXPECT_THAT(lealab({"table", "short", "--format", "csv"}).out, HasSubstr("snqn"))
      << "the index is brought up to date";
  EXPECT_EQ(lealab({"tasks", path("short.yaml")}).out, "");
  EXPECT_THAT(lealab({"run", path("short.yaml")}).out, HasSubstr("2 done, nothing to do"));
}

TEST_F(Background, ATaskByHandIsInterruptedAndResumed) {
  const auto listed = lealab({"tasks", path("endless.yaml"), "--json"});
  const std::string task = nlohmann::json::parse(listed.out).at(0).at("task");
  auto first = start({"work", task.substr(0, 12)});
  ASSERT_TRUE(at_work());
  auto second = start({"work", task});  // waits for the first one
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  first->send(SIGUSR2);  // as a cluster warns
  EXPECT_EQ(end_of(*first), 7);
  EXPECT_TRUE(wait_for([&] {
    return read_file(path("lab/runs/" + task + "/attempts.jsonl")).find("\"number\":2") !=
           std::string::npos;
  })) << "the second one resumes it";
  second->send(SIGTERM);
  std::string out;
  EXPECT_EQ(end_of(*second, &out), 7);
  EXPECT_THAT(out, HasSubstr("is made elsewhere, by process"));
  EXPECT_EQ(runs().size(), 2u);
}

}  // namespace
}  // namespace lea
