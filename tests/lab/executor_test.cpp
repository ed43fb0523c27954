// The pool of workers, with a worker that can fail in every way.
#include "core/lab/executor.h"

#include <signal.h>

#include <chrono>
#include <set>

#include "core/lab/collector.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using Kind = TaskEvent::Kind;

class Executor : public ::testing::Test {
 protected:
  GridResult run(const spec::Experiment& experiment, int64_t jobs = 2) {
    const Plan plan = make_plan(lab_.path(), experiment, installed(), jobs, false);
    GridOptions options;
    options.lab = lab_.path();
    options.worker = LEA_FAKE_WORKER;
    options.jobs = jobs;
    options.stop_seconds = stop_seconds_;
    options.devices = devices_;
    options.hang_seconds = hang_seconds_;
    return run_grid(
        experiment, plan, options,
        [this](const TaskEvent& event) {
          if (event.kind == Kind::kFailed) reasons_.push_back(event.reason);
          if (event.kind == Kind::kProgress) ++progress_;
          if (on_event_) on_event_(event);
        },
        [] {});
  }
  // The folder of the one run with this behaviour.
  run::Folder folder_of(const std::string& behaviour) const {
    std::vector<run::Folder> found;
    for (const run::Folder& folder : run::list_runs(lab_.path())) {
      if (run::read_header(folder).labels.at("behaviour") == behaviour) found.push_back(folder);
    }
    EXPECT_EQ(found.size(), 1u) << behaviour;
    return found.at(0);
  }
  void expect_gone_within(double seconds, const std::string& behaviour) const {
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(),
              seconds);
    const auto attempts = read_records(folder_of(behaviour).path + "/attempts.jsonl");
    ASSERT_FALSE(attempts.empty());
    EXPECT_NE(kill(attempts[0].at("pid").get<pid_t>(), 0), 0) << "the worker is still there";
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  TemporaryLab lab_;
  std::vector<std::string> reasons_;
  int progress_ = 0;
  double stop_seconds_ = 60, hang_seconds_ = 60;
  std::vector<std::string> devices_;
  std::function<void(const TaskEvent&)> on_event_;
};

TEST_F(Executor, FinishesEveryRunOnce) {
  const auto experiment = experiment_of({"finish", "finish", "finish", "noisy"});
  EXPECT_EQ(run(experiment).finished, 4u);
  EXPECT_GE(progress_, 4);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 4u);
  // A second call has nothing to do.
  EXPECT_EQ(run(experiment).finished, 0u);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 4u);
}

TEST_F(Executor, FailsAWorkerWithoutASignOfLife) {
  hang_seconds_ = 0.5;
  const auto result = run(experiment_of({"stubborn", "finish", "noisy"}));
  EXPECT_EQ(result.finished, 2u);
  ASSERT_EQ(reasons_.size(), 1u);
  EXPECT_THAT(reasons_[0], HasSubstr("hung in phase train, step 1: no sign of life for"));
  EXPECT_EQ(run::state_of(folder_of("stubborn")), run::State::kFailed);
  expect_gone_within(60, "stubborn");
}

TEST_F(Executor, HandsOutDevices) {
  unsetenv("CUDA_VISIBLE_DEVICES");
  devices_ = {"3", "GPU-5"};
  auto experiment = experiment_of({"device", "device", "device"});
  experiment.runs[0].run.train.device = experiment.runs[1].run.train.device = "cuda";
  EXPECT_EQ(run(experiment, /*jobs=*/3).finished, 3u);
  std::multiset<std::string> logs;
  for (const run::Folder& folder : run::list_runs(lab_.path()))
    logs.insert(read_file(folder.path + "/log.txt"));
  EXPECT_EQ(logs, (std::multiset<std::string>{"device 3\n", "device GPU-5\n", "device any\n"}))
      << "one a GPU, and none for a run on the CPU";
}

struct Failure {
  const char* behaviour;
  const char* reason;
  run::State state;
};

class FailingRun : public Executor, public ::testing::WithParamInterface<Failure> {};

TEST_P(FailingRun, FailsAloneWithItsReason) {
  const auto result = run(experiment_of({"finish", GetParam().behaviour, "finish"}));
  EXPECT_EQ(result.finished, 2u);
  EXPECT_EQ(result.failed, 1u);
  ASSERT_EQ(reasons_.size(), 1u);
  EXPECT_THAT(reasons_[0], HasSubstr(GetParam().reason));
  EXPECT_EQ(run::state_of(folder_of(GetParam().behaviour)), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(
    Each, FailingRun,
    ::testing::Values(Failure{"fail", "no such data set", run::State::kFailed},
                      Failure{"segfault", "crashed (SIGSEGV) in phase train, step 1",
                              run::State::kFailed},
                      Failure{"silent", "ended without a result", run::State::kFailed},
                      Failure{"unknown", "ended with code 70", run::State::kFailed},
                      Failure{"oom", "killed (SIGKILL)", run::State::kQueued},
                      Failure{"disk", "the disk is full", run::State::kQueued}),
    [](const auto& test) { return test.param.behaviour; });

TEST_F(Executor, StopsAGridAfterThreeEqualFailures) {
  const auto result = run(experiment_of({"fail", "fail", "fail", "fail", "fail", "finish"}), 1);
  EXPECT_EQ(result.failed, 3u);
  EXPECT_EQ(result.not_started, 3u);
  EXPECT_EQ(result.repeated_reason, "no such data set");
}

TEST_F(Executor, StopsOnASignalAndGoesOnByTheNextCall) {
  const auto experiment = experiment_of({"slow", "slow", "slow"});
  // A worker that is still starting would be ended by the signal, so both must be at work.
  std::set<size_t> at_work;
  on_event_ = [&](const TaskEvent& event) {
    if (event.kind != Kind::kProgress || event.step < 5) return;
    if (at_work.insert(event.task).second && at_work.size() >= 2) kill(getpid(), SIGINT);
  };
  const auto stopped = run(experiment);
  EXPECT_TRUE(stopped.stopped_by_user);
  EXPECT_EQ(stopped.interrupted, 2u);
  EXPECT_EQ(stopped.not_started, 1u);
  const auto folders = run::list_runs(lab_.path());
  ASSERT_EQ(folders.size(), 2u);
  for (const run::Folder& folder : folders)
    EXPECT_EQ(run::state_of(folder), run::State::kInterrupted);

  const Plan plan = make_plan(lab_.path(), experiment, installed(), 2, false);
  EXPECT_EQ(plan.count(TaskStatus::kInterrupted), 2u);
  // The two runs resume in their folders. The third run is stopped in its turn and has a folder
  // now.
  run(experiment);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 3u);
  for (const run::Folder& folder : folders) {
    EXPECT_EQ(run::state_of(folder), run::State::kFinished);
    EXPECT_EQ(run::last_attempt(folder).number, 2);
  }
}

TEST_F(Executor, KillsOnTheSecondSignal) {
  on_event_ = [](const TaskEvent& event) {
    if (event.kind != Kind::kProgress) return;
    kill(getpid(), SIGINT);
    kill(getpid(), SIGTERM);
  };
  const auto result = run(experiment_of({"stubborn"}));
  EXPECT_EQ(result.interrupted, 1u);
  expect_gone_within(5, "stubborn");
}

TEST_F(Executor, KillsAWorkerThatDoesNotStopInTime) {
  stop_seconds_ = 0.3;
  on_event_ = [](const TaskEvent& event) {
    if (event.kind == Kind::kProgress) kill(getpid(), SIGINT);
  };
  EXPECT_EQ(run(experiment_of({"stubborn"})).interrupted, 1u);
  expect_gone_within(30, "stubborn");
}

TEST_F(Executor, CollectsWhatEveryRunBecame) {
  run(experiment_of({"finish", "fail", "segfault", "oom"}));
  const Collected collected = collect(lab_.path());
  EXPECT_EQ(collected.runs, 4);
  EXPECT_THAT(collected.refused, ::testing::IsEmpty());
  EXPECT_THAT(check(lab_.path()), ::testing::IsEmpty());
  std::map<std::string, std::string> states;
  for (const auto& row : db::Store(lab_.path(), db::Store::Mode::kReadOnly).runs())
    states[row.labels.at("behaviour")] = row.state;
  EXPECT_EQ(
      states,
      (std::map<std::string, std::string>{
          {"finish", "finished"}, {"fail", "failed"}, {"segfault", "failed"}, {"oom", "queued"}}));
}

TEST(LabLock, RefusesASecondCoordinator) {
  const TemporaryLab lab;
  const LabLock held(lab.path());
  EXPECT_THAT(message_of([&] { LabLock(lab.path()); }), HasSubstr("in use by process"));
}

TEST(LabLock, ClearsWhatAKilledOneLeftHalfMade) {
  const TemporaryLab lab;
  const std::string half_made = lab.path() + "/runs/.new-";
  const std::string old = half_made + run::new_uuid();                // as older programs name it
  const std::string dead = half_made + "4194999-" + run::new_uuid();  // no process has this number
  const std::string live = half_made + std::to_string(getpid()) + "-" + run::new_uuid();
  for (const std::string& folder : {old, dead, live}) std::filesystem::create_directory(folder);
  const LabLock held(lab.path());
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(live)) << "an import of ranks may be making it";
}

}  // namespace
}  // namespace lea::lab
