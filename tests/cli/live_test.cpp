// The commands that read, called from "another terminal" while `lealab run` works for the first
// time in a lab. The worker and the plugins are the real ones.
#include <signal.h>
#include <stdlib.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "core/base/files.h"
#include "db/store/store.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class LiveLab : public LabCommand {
 protected:
  // Four runs: the first ends at once, the others take many steps.
  LiveLab() {
    write("spec.yaml", R"(name: k20
data: {name: toy, path: interactions.tsv}
train: {batch_size: 64, max_steps: 1000, validate_every: 50, patience: 100000}
grid:
  backbone: [gru4rec]
  framework: [popularity, supervised]
seeds: [1, 2, 3]
runs: 4
)");
  }
  ~LiveLab() override { unsetenv("LEALAB_INDEX"); }

  void start(std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {LEALAB_PROGRAM, "--lab", path("lab"), "run", path("spec.yaml"), "--jobs", "1"});
    grid_.emplace(more, path("grid-errors.txt"));
  }
  bool is_running() {
    grid_->read_lines([](const std::string&) {});
    return !grid_->finished(&ended_);
  }
  // Runs a grid to its end, which comes soon.
  void run_to_the_end() {
    start({"--set", "train.max_steps=60"});
    wait_until([&] { return !is_running(); });
    ASSERT_EQ(ended_.exit_code, 0) << read_file(path("grid-errors.txt"));
  }
  void stop() {
    kill(grid_->pid(), SIGTERM);
    wait_until([&] { return !is_running(); });
  }
  // Fails the test when nothing happens within two minutes.
  void wait_until(const std::function<bool()>& happens) {
    for (int i = 0; i < 12000 && !happens(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(happens()) << read_file(path("grid-errors.txt"));
  }
  bool has_plan() const { return fs::exists(path("lab/experiments/k20.json")); }
  size_t with_file(const std::string& name) const {
    size_t count = 0;
    std::error_code error;
    for (const auto& run : fs::directory_iterator(path("lab/runs"), error))
      count += fs::exists(run.path() / name);
    return count;
  }

  // The output of a command that must succeed and have nothing to complain of.
  std::string answer(const std::vector<std::string>& arguments) const {
    const auto result = lealab(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments[0] << ": " << result.out << result.err;
    EXPECT_EQ(result.err, "") << arguments[0];
    return result.out;
  }
  json table() const { return json::parse(answer({"table", "k20", "--format", "json"})); }
  // uuid -> state
  std::map<std::string, std::string> states() const {
    std::map<std::string, std::string> states;
    for (const json& run : json::parse(answer({"ls", "--json"})))
      states[run.at("uuid")] = run.at("state");
    return states;
  }
  static size_t count(const std::map<std::string, std::string>& states, const char* wanted) {
    size_t count = 0;
    for (const auto& [uuid, state] : states) count += state == wanted;
    return count;
  }
  static size_t finished_in(const json& table) {
    size_t count = 0;
    for (const json& row : table.at("rows")) count += row.at("runs").size();
    return count;
  }

  std::optional<lab::Child> grid_;
  lab::ProcessResult ended_;
};

TEST_F(LiveLab, IsShownAsItIsFromTheFirstSecondToTheEnd) {
  start();
  wait_until([&] { return has_plan(); });
  bool saw_none = false, saw_some = false;
  size_t before = 0;
  while (is_running()) {
    const json shown = table();
    const size_t finished = finished_in(shown);
    const auto states = this->states();
    EXPECT_GE(finished, before) << "a finished run has gone";
    EXPECT_GE(count(states, "finished"), finished) << "ls came after the table";
    EXPECT_EQ(count(states, "failed") + count(states, "cancelled"), 0u);
    before = finished;
    answer({"db", "check"});
    const auto packed = lealab({"export", "k20", "--out", path("packs")});
    if (finished == 0) {
      saw_none = true;
      const std::string note = shown.at("notes").at(0);
      EXPECT_THAT(note, HasSubstr("k20: no run has finished yet: "));
    } else {
      saw_some |= finished < 4;
      EXPECT_EQ(packed.exit_code, 0) << packed.err;
      EXPECT_THAT(packed.out, ContainsRegex("[1-4] runs? in "));
    }
    if (packed.exit_code != 0) {
      EXPECT_EQ(packed.exit_code, 3);
      EXPECT_THAT(packed.err, HasSubstr("no run has finished yet, so nothing was exported"));
      EXPECT_FALSE(fs::exists(path("packs")));
    }
  }
  EXPECT_EQ(ended_.exit_code, 0) << read_file(path("grid-errors.txt"));
  EXPECT_EQ(read_file(path("grid-errors.txt")), "");
  EXPECT_TRUE(saw_none && saw_some) << "the grid was too fast: the test proves little";
  EXPECT_EQ(finished_in(table()), 4u);
  const std::string checked = answer({"db", "check"});
  EXPECT_THAT(checked, HasSubstr("4 runs, no problem"));
  EXPECT_THAT(checked, Not(HasSubstr("ended")));
  answer({"db", "rebuild"});
  EXPECT_EQ(answer({"db", "check"}), checked) << "the same index as one made anew";
}

TEST_F(LiveLab, NamesTheStatesOfItsRunsInTheTableAndTheExport) {
  start({"--set", "train.max_steps=10000000"});
  wait_until([&] { return with_file("result.json") == 1 && with_file("beat") >= 1; });
  wait_until([&] { return count(states(), "running") == 1; });
  std::string text = answer({"table", "k20"});
  EXPECT_THAT(text, HasSubstr("Runs: 1 finished, 1 running, 2 missing"));
  EXPECT_THAT(text, ContainsRegex("gru4rec +supervised +0  running"));
  text = answer({"export", "k20", "--out", path("packs")});
  EXPECT_THAT(text, ContainsRegex("left out: run [0-9a-f-]+ is running\n"));
  EXPECT_THAT(text, HasSubstr("planned runs that have not begun in this lab: 2 of 4"));
  EXPECT_THAT(answer({"db", "check"}), HasSubstr("2 runs, no problem"));

  stop();
  EXPECT_EQ(ended_.exit_code, 7);
  text = answer({"table", "k20"});
  EXPECT_THAT(text, HasSubstr("Runs: 1 finished, 1 interrupted, 2 missing"));
  EXPECT_THAT(answer({"export", "k20", "--out", path("packs")}), HasSubstr("is interrupted\n"));
  EXPECT_EQ(count(states(), "interrupted"), 1u);
}

// The collector of the grid was killed, and workers may end without any.
TEST_F(LiveLab, IsRightWithoutACollector) {
  run_to_the_end();
  const json before = table();
  ASSERT_EQ(finished_in(before), 4u);
  fs::remove(path("lab/results.sqlite"));
  EXPECT_EQ(table(), before);
  EXPECT_TRUE(fs::exists(path("lab/results.sqlite")));
}

TEST_F(LiveLab, IsReadInMemoryWhileAnotherProcessHoldsTheIndex) {
  run_to_the_end();
  const json before = table();
  const std::string listed = answer({"ls"});
  fs::remove(path("lab/results.sqlite"));
  { const db::Store empty(path("lab"), db::Store::Mode::kWrite); }
  const std::string index = read_file(path("lab/results.sqlite"));
  const db::Store held(path("lab"), db::Store::Mode::kWrite);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(table(), before);
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(waited.count(), 20) << "it waited for the writer as long as a writer does";
  EXPECT_EQ(answer({"ls"}), listed);
  EXPECT_EQ(read_file(path("lab/results.sqlite")), index);
}

TEST_F(LiveLab, GivesTwoTablesAtOnceTheSameNumbers) {
  run_to_the_end();
  const json before = table();
  fs::remove(path("lab/results.sqlite"));
  std::array<json, 4> shown;
  std::vector<std::thread> terminals;
  for (json& one : shown) terminals.emplace_back([&] { one = table(); });
  for (std::thread& terminal : terminals) terminal.join();
  for (const json& one : shown) EXPECT_EQ(one, before);
}

TEST_F(LiveLab, KeepsItsIndexWhereTheUserAsks) {
  setenv("LEALAB_INDEX", path("index").c_str(), 1);
  run_to_the_end();
  EXPECT_EQ(finished_in(table()), 4u);
  EXPECT_FALSE(fs::exists(path("lab/results.sqlite")));
  EXPECT_THAT(answer({"db", "check"}), ContainsRegex(path("index") + "/lab-[0-9a-f]{16}/"));
  // Another host: it has no index of this lab yet.
  setenv("LEALAB_INDEX", path("another").c_str(), 1);
  EXPECT_THAT(answer({"db", "check"}), HasSubstr("there is no index yet"));
  EXPECT_EQ(finished_in(table()), 4u);
  unsetenv("LEALAB_INDEX");
  EXPECT_EQ(finished_in(table()), 4u);
}

TEST_F(LiveLab, ThatVanishesEndsACommandWithOneMessage) {
  start({"--set", "train.max_steps=10000000"});
  wait_until([&] { return with_file("result.json") == 1 && with_file("beat") >= 1; });
  stop();
  std::vector<std::thread> terminals;
  std::atomic<bool> gone = false;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"ls"}, {"table", "k20"}, {"db", "check"}, {"export", "k20", "--out", path("packs")}}) {
    terminals.emplace_back([&, command] {
      for (bool last = false; !last;) {
        last = gone;
        const auto result = lealab(command);
        EXPECT_THAT(result.exit_code, AnyOf(0, 2, 3, 4))
            << command[0] << ": " << result.signal << result.err;
        EXPECT_EQ(result.signal, 0) << command[0];
      }
    });
  }
  for (const auto& run : fs::directory_iterator(path("lab/runs"))) fs::remove_all(run.path());
  fs::rename(path("lab"), path("moved"));
  gone = true;
  for (std::thread& terminal : terminals) terminal.join();
  for (const char* command : {"ls", "show"}) {
    const auto result = lealab({command, std::string(command) == "show" ? "1" : ""});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.err, HasSubstr("there is no lab in this folder"));
  }
  EXPECT_FALSE(fs::exists(path("lab"))) << "a command that reads makes no lab";
}

TEST_F(LiveLab, IsNotMadeInAFolderThatIsNone) {
  fs::create_directories(path("lab/other"));
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"ls"},
                                             {"table", "k20"},
                                             {"db", "check"},
                                             {"db", "rebuild"},
                                             {"export", "k20", "--out", path("packs")}}) {
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, 3) << command[0];
    EXPECT_THAT(result.err, HasSubstr("there is no lab in this folder"));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(path("lab")), {}), 1);
}

}  // namespace
}  // namespace lea
