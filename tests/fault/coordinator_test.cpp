// `lealab run` that is killed at any moment: the same command resumes, and every run is finished
// once.
#include <signal.h>

#include <chrono>
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

TEST_F(Coordinator, RefusesASecondOneInTheSameLab) {
  lab::Child first({LEALAB_PROGRAM, "--lab", path("lab"), "run", path("spec.yaml"), "--set",
                    "train.max_steps=100000", "--set", "train.patience=100000"},
                   path("err.txt"));
  const auto a_run_began = [&] {
    if (!fs::exists(path("lab/runs"))) return false;
    for (const auto& run : fs::directory_iterator(path("lab/runs"))) {
      if (fs::exists(run.path() / "attempts.jsonl")) return true;
    }
    return false;
  };
  for (int i = 0; i < 6000 && !a_run_began(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(a_run_began()) << read_file(path("err.txt"));
  const auto second = lealab({"run", path("spec.yaml")});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_THAT(second.err, HasSubstr("the lab is in use by process"));
  EXPECT_EQ(lealab({"ls"}).exit_code, 0) << "reading is always allowed";
  first.send(SIGTERM);
  lab::ProcessResult ended;
  while (!first.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ended.exit_code, 7);
}

}  // namespace
}  // namespace lea
