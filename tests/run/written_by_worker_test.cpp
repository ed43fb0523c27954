// For every file of a run: the worker's own code writes it, and the lab's own code reads it.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "core/base/files.h"
#include "core/base/records.h"
#include "core/eval/ranks.h"
#include "core/lab/collector.h"
#include "core/lab/process.h"
#include "core/run/attempt.h"
#include "core/run/beat.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/state.h"
#include "core/spec/made_with.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class WrittenByWorker : public LabCommand {
 protected:
  // One run that lealab made and that is interrupted behind its first checkpoint, as Ctrl-C does.
  run::Folder interrupted_run() {
    write("spec.yaml", R"(name: written
data: {name: toy, path: interactions.tsv}
backbone: gru4rec
framework: snqn
train: {batch_size: 32, max_steps: 1000000, validate_every: 20, patience: 1000000, log_every: 10}
seeds: [1]
)");
    lab::Child lealab({LEALAB_PROGRAM, "--lab", path("lab"), "run", path("spec.yaml")},
                      path("stderr.txt"));
    run::Folder run;
    wait_for([&] {
      const auto runs = run::list_runs(path("lab"));
      if (runs.empty()) return false;
      run = runs.front();
      return !read_records(run.file(run::kEventsFile)).empty() && has_manifest(run);
    });
    look_at_live_run(run);
    lealab.send(SIGTERM);
    lab::ProcessResult ended;
    wait_for([&] {
      lealab.read_lines([](const std::string&) {});
      return lealab.finished(&ended);
    });
    EXPECT_EQ(ended.exit_code, 7) << read_file(path("stderr.txt"));
    return run;
  }

  // The worker is at work: attempt and beat name the same process, which is alive.
  static void look_at_live_run(const run::Folder& run) {
    EXPECT_EQ(run::state_of(run), run::State::kRunning);
    const run::Attempt attempt = run::last_attempt(run);
    EXPECT_EQ(attempt.number, 1);
    EXPECT_FALSE(attempt.ended);
    EXPECT_TRUE(run::is_alive(attempt.process));
    const auto beat = run::read_beat(run);
    ASSERT_TRUE(beat.has_value());
    EXPECT_EQ(run::to_json(beat->process), run::to_json(attempt.process));
    EXPECT_EQ(beat->progress.max_steps, 1000000);
    EXPECT_TRUE(run::is_fresh(*beat, std::time(nullptr)));
  }

  static bool has_manifest(const run::Folder& run) {
    std::error_code none;
    for (const auto& file : fs::directory_iterator(run.file(run::kCheckpointFolder), none)) {
      if (file.path().extension() == ".json") return true;
    }
    return false;
  }

  static void wait_for(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing happens";
      std::this_thread::sleep_for(5ms);
    }
  }

  // The same attempt and beat as another host would have written them.
  static void move_to_another_host(const run::Folder& run) {
    auto records = read_records(run.file(run::kAttemptsFile));
    fs::remove(run.file(run::kAttemptsFile));
    records.at(0)["host"] = "elsewhere";
    append_record(run.file(run::kAttemptsFile), records.at(0));  // without the end
  }
};

TEST_F(WrittenByWorker, IsReadByTheLab) {
  const run::Folder run = interrupted_run();
  ASSERT_FALSE(run.path.empty());
  EXPECT_EQ(run::state_of(run), run::State::kInterrupted) << "checkpoint/";
  const run::Attempt attempt = run::last_attempt(run);
  EXPECT_TRUE(attempt.ended);
  EXPECT_FALSE(run::is_alive(attempt.process));

  // run.yaml, cell.json and the plan were written by lealab; the worker reads run.yaml.
  const spec::RunSpec spec = spec::load_run(run.file(run::kSpecFile));
  EXPECT_EQ(run::read_header(run).hash, spec::run_hash(spec));
  EXPECT_EQ(run::read_plan(run::plan_file(path("lab"), "written")).runs.at(0).hash,
            spec::run_hash(spec));

  // The worker's own beat, seen from another host: alive while it is fresh.
  const run::Folder copy{path("copy/" + run.uuid())};
  fs::create_directories(path("copy"));
  fs::copy(run.path, copy.path, fs::copy_options::recursive);
  move_to_another_host(copy);
  auto beat = run::read_beat(copy).value();
  beat.time = std::time(nullptr);
  run::write_beat(copy, beat);
  EXPECT_EQ(run::state_of(copy), run::State::kRunning);
  beat.time -= 61;
  run::write_beat(copy, beat);
  EXPECT_EQ(run::state_of(copy), run::State::kInterrupted);

  // The worker alone finishes it: fewer steps are asked for, as nothing else may change.
  write("spec.yaml", "");
  nlohmann::json document = spec::to_json(spec);
  document["train"]["max_steps"] = 40;
  publish_file(run.file(run::kSpecFile), spec::dump_yaml(document));
  lab::Child worker(
      {LEA_BINARY_DIR "/bin/lealab-worker", "train", "--lab", path("lab"), "--run", run.path},
      run.file(run::kLogFile));
  lab::ProcessResult ended;
  wait_for([&] {
    worker.read_lines([](const std::string&) {});
    return worker.finished(&ended);
  });
  ASSERT_EQ(ended.exit_code, 0) << read_file(run.file(run::kLogFile));

  const auto result = run::read_result(run);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->state, run::State::kFinished);
  EXPECT_EQ(result->attempt, 2);
  EXPECT_EQ(run::last_attempt(run).number, 2);
  EXPECT_TRUE(run::last_attempt(run).ended);
  ASSERT_TRUE(result->training && result->made_with);
  EXPECT_GE(result->training->steps, 20);
  EXPECT_GT(result->training->parameters, 0);
  EXPECT_GT(result->training->wall_seconds, 0);
  EXPECT_GT(result->made_with->peak_memory_bytes, 0);
  EXPECT_EQ(result->made_with->numerics, spec::kNumerics);
  if (fs::exists(LEA_SOURCE_DIR "/.git")) {
    EXPECT_THAT(result->made_with->revision, testing::MatchesRegex("[0-9a-f]{40}"));
  }
  EXPECT_THAT(result->made_with->machine_kind, HasSubstr("1 thread"));
  std::vector<std::string> plugins;
  for (const run::UsedPlugin& plugin : result->made_with->plugins) {
    plugins.push_back(plugin.id);
    EXPECT_THAT(plugin.version, Not(IsEmpty()));
    EXPECT_THAT(plugin.sha256, SizeIs(64));
  }
  EXPECT_THAT(plugins, UnorderedElementsAre("backbone lea.gru4rec", "environment lea.predefined",
                                            "framework lea.snqn"));

  for (const char* name : {run::kRanksFile, run::kValidRanksFile}) {
    EXPECT_FALSE(eval::decode_ranks(read_file(run.file(name)), name).records.empty()) << name;
  }
  const std::string log = read_file(run.file(run::kLogFile));
  EXPECT_THAT(log, ContainsRegex("info  worker: interrupted on request at step [1-9][0-9]* after"));
  EXPECT_THAT(log, HasSubstr("info  train: resumed after step"));
  // The collector verifies metrics and fingerprints, and reads events.jsonl. The spec that was
  // altered for this test does not belong to the hash.
  publish_file(run.file(run::kSpecFile), spec::dump_yaml(spec::to_json(spec)));
  const lab::RunRecord record = lab::read_run(run);
  EXPECT_EQ(record.run.state, "finished");
  EXPECT_FALSE(record.results.empty());
  std::set<std::string> curves;
  for (const db::CurvePoint& point : record.curves) curves.insert(point.metric);
  EXPECT_TRUE(curves.contains("loss") && curves.contains("ndcg@20"));
}

TEST_F(WrittenByWorker, HasNoFileThatTheRoomDoesNotName) {
  const run::Folder run = interrupted_run();
  ASSERT_FALSE(run.path.empty());
  const std::set<std::string> named = {
      run::kSpecFile,   run::kHeaderFile,       run::kAttemptsFile, run::kEventsFile,
      run::kBeatFile,   run::kCheckpointFolder, run::kRanksFile,    run::kValidRanksFile,
      run::kResultFile, run::kLockFile,         run::kLogFile};
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(run.path)) {
    ++files;
    EXPECT_TRUE(named.contains(entry.path().filename())) << entry.path();
  }
  EXPECT_EQ(files, 8u) << "all but the ranks and the result";
}

}  // namespace
}  // namespace lea
