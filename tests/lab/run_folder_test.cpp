// Run folders: what they say about themselves, and what a damaged one is told.
#include <fstream>
#include <set>

#include "core/lab/process_identity.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;

TEST(RunFolder, HoldsTheResolvedRunAndItsCell) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const run::Folder run = new_run(lab.path(), experiment, experiment.runs[0]);
  EXPECT_TRUE(is_uuid(run.uuid()));
  const Cell cell = run::read_header(run);
  EXPECT_EQ(cell.experiment, "study");
  EXPECT_EQ(cell.hash, experiment.runs[0].hash);
  EXPECT_EQ(cell.labels, experiment.runs[0].labels);
  EXPECT_EQ(spec::run_hash(spec::load_run(run.path + "/run.yaml")), cell.hash);
  EXPECT_EQ(run::state_of(run), run::State::kQueued);
  EXPECT_EQ(run::find_run(lab.path(), run.uuid().substr(0, 8)).path, run.path);
}

TEST(RunFolder, IsInterruptedWhenItsProcessIsGoneButACheckpointIsThere) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const run::Folder run = new_run(lab.path(), experiment, experiment.runs[0]);
  nlohmann::json attempt = {{"number", 1},
                            {"host", this_host()},
                            {"boot_id", this_boot()},
                            {"pid", getpid()},
                            {"pid_start", process_start(getpid())},
                            {"started", utc_now()}};
  append_record(run.path + "/attempts.jsonl", attempt);
  EXPECT_EQ(run::state_of(run), run::State::kRunning);
  // Another process has the number now.
  attempt["number"] = 2;
  attempt["pid_start"] = process_start(getpid()) + 1;
  append_record(run.path + "/attempts.jsonl", attempt);
  EXPECT_EQ(run::state_of(run), run::State::kQueued);
  std::filesystem::create_directory(run.path + "/checkpoint");
  std::ofstream(run.path + "/checkpoint/step-1.json") << "{}";
  EXPECT_EQ(run::state_of(run), run::State::kInterrupted);
  write_result(run, 2);
  EXPECT_EQ(run::state_of(run), run::State::kFinished);
}

TEST(RunFolder, ClosesTheAttemptThatAKillLeftOpen) {
  const TemporaryLab lab;
  const run::Folder run{lab.path()};
  append_record(run.path + "/attempts.jsonl", {{"number", 1}, {"started", utc_now()}});
  std::ofstream(run.path + "/attempts.jsonl", std::ios::app) << R"({"number": 1, "en)";
  run::close_attempt(run, 137, "killed");
  run::close_attempt(run, 137, "killed");
  const auto records = read_records(run.path + "/attempts.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1]["reason"], "killed");
}

TEST(RunFolder, SaysWhichKeyIsWrong) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const run::Folder run = new_run(lab.path(), experiment, experiment.runs[0]);
  auto cell = *read_json(run.path + "/cell.json");
  cell["seed"] = 1.5;
  publish_file(run.path + "/cell.json", cell.dump());
  EXPECT_THAT(message_of([&] { run::read_header(run); }),
              HasSubstr("cell.json: seed: must be an integer, but is 1.5"));
  cell["seed"] = 18446744073709551615u;
  publish_file(run.path + "/cell.json", cell.dump());
  EXPECT_THAT(message_of([&] { run::read_header(run); }), HasSubstr("seed: is too large"));
}

TEST(RunFolder, RefusesNestedAndBrokenJson) {
  const TemporaryLab lab;
  const std::string path = lab.beside("x.json");
  std::ofstream(path) << std::string(100000, '[');
  EXPECT_THAT(message_of([&] { read_json(path); }), HasSubstr("nested deeper than 64"));
  std::ofstream(path) << R"({"a": )";
  EXPECT_THAT(message_of([&] { read_json(path); }), HasSubstr("byte 7: not valid JSON"));
  EXPECT_FALSE(read_json(lab.beside("absent.json")).has_value());
}

TEST(Uuid, IsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(run::new_uuid());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_TRUE(is_uuid(*seen.begin()));
  EXPECT_FALSE(is_uuid("../../../../../../../../etc/passwd0000"));
}

}  // namespace
}  // namespace lea::lab
