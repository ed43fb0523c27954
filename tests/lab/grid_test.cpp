// A grid at work, with a worker that can fail in every way.
#include "core/lab/grid.h"

#include <signal.h>

#include <chrono>
#include <set>

#include "core/lab/collector.h"
#include "core/lab/index_check.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using Kind = run::GridEvent::Kind;
using Action = run::Request::Action;

class GridAtWork : public ::testing::Test {
 protected:
  GridResult run(const spec::Experiment& experiment, int64_t jobs = 2) {
    const Plan plan = plan_of(experiment, jobs);
    Grid grid(experiment, plan, options(), [this, &grid](const run::GridEvent& event) {
      if (event.kind == Kind::kFailed) reasons_.push_back(event.text);
      if (event.kind == Kind::kProgress) ++progress_;
      if (event.kind == Kind::kRequest) answers_.push_back(event.text);
      if (on_event_) on_event_(grid, event);
    });
    return work(grid);
  }
  static GridResult work(Grid& grid) {
    grid.start();
    while (grid.poll(0.05)) {
    }
    return grid.result();
  }
  GridOptions options() const {
    GridOptions options;
    options.lab = lab_.path();
    options.worker = LEA_FAKE_WORKER;
    options.stop_seconds = stop_seconds_;
    options.stop_after = stop_after_;
    options.devices = devices_;
    options.hang_seconds = hang_seconds_;
    return options;
  }
  // As a session plans.
  Plan plan_of(const spec::Experiment& experiment, int64_t jobs = 2) const {
    Plan plan = make_plan(lab_.path(), experiment, installed(), jobs, false);
    for (PlannedTask& task : plan.tasks) {
      const std::string run = run::read_claim(lab_.path(), experiment.runs[task.index].hash).run;
      if (!run.empty() &&
          std::filesystem::exists(run::folder_of(lab_.path(), run).file("result.json")))
        task.judged = run;
    }
    return plan;
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
  double stop_seconds_ = 60, hang_seconds_ = 60, stop_after_ = 0;
  std::vector<std::string> devices_, answers_;
  std::function<void(Grid&, const run::GridEvent&)> on_event_;
};

TEST_F(GridAtWork, FinishesEveryRunOnce) {
  const auto experiment = experiment_of({"finish", "finish", "finish", "noisy"});
  EXPECT_EQ(run(experiment).finished, 4u);
  EXPECT_GE(progress_, 4);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 4u);
  // A second call has nothing to do.
  EXPECT_EQ(run(experiment).finished, 0u);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 4u);
}

TEST_F(GridAtWork, FailsAWorkerWithoutASignOfLife) {
  hang_seconds_ = 0.5;
  const auto result = run(experiment_of({"stubborn", "finish", "noisy"}));
  EXPECT_EQ(result.finished, 2u);
  ASSERT_EQ(reasons_.size(), 1u);
  EXPECT_THAT(reasons_[0], HasSubstr("hung in phase train, step 1: no sign of life for"));
  EXPECT_EQ(run::state_of(folder_of("stubborn")), run::State::kFailed);
  expect_gone_within(60, "stubborn");
}

TEST_F(GridAtWork, HandsOutDevices) {
  unsetenv("CUDA_VISIBLE_DEVICES");
  devices_ = {"3", "GPU-5"};
  auto experiment = experiment_of({"device", "device", "device"});
  experiment.runs[0].run.train.device = experiment.runs[1].run.train.device = "cuda";
  for (spec::PlannedRun& run : experiment.runs) run.hash = spec::run_hash(run.run);
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

class FailingRun : public GridAtWork, public ::testing::WithParamInterface<Failure> {};

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

TEST_F(GridAtWork, StopsAGridAfterThreeEqualFailures) {
  const auto result = run(experiment_of({"fail", "fail", "fail", "fail", "fail", "finish"}), 1);
  EXPECT_EQ(result.failed, 3u);
  EXPECT_EQ(result.not_started, 3u);
  EXPECT_EQ(result.repeated_reason, "no such data set");
}

TEST_F(GridAtWork, StopsOnRequestAndIsContinuedByTheNextOne) {
  const auto experiment = experiment_of({"slow", "slow", "slow"});
  // A worker that is still starting would be ended by the signal, so both must be at work.
  std::set<size_t> at_work;
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    if (event.kind != Kind::kProgress || event.progress.step < 5) return;
    if (at_work.insert(event.task).second && at_work.size() >= 2) grid.request_stop("the test");
  };
  const auto stopped = run(experiment);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.interrupted, 2u);
  EXPECT_EQ(stopped.not_started, 1u);
  EXPECT_EQ(conclude(stopped).code, Exit::kInterrupted);
  const auto folders = run::list_runs(lab_.path());
  ASSERT_EQ(folders.size(), 2u);
  for (const run::Folder& folder : folders)
    EXPECT_EQ(run::state_of(folder), run::State::kInterrupted);

  EXPECT_EQ(plan_of(experiment).count(TaskStatus::kInterrupted), 2u);
  // The two runs resume in their folders. The third run is stopped in its turn and has a folder
  // now.
  run(experiment);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 3u);
  for (const run::Folder& folder : folders) {
    EXPECT_EQ(run::state_of(folder), run::State::kFinished);
    EXPECT_EQ(run::last_attempt(folder).number, 2);
  }
}

TEST_F(GridAtWork, KillsItsWorkersAtOnceWhenAsked) {
  on_event_ = [](Grid& grid, const run::GridEvent& event) {
    if (event.kind == Kind::kProgress) grid.kill();
  };
  EXPECT_EQ(run(experiment_of({"stubborn"})).interrupted, 1u);
  expect_gone_within(5, "stubborn");
}

TEST_F(GridAtWork, KillsAWorkerThatDoesNotStopInTime) {
  stop_seconds_ = 0.3;
  on_event_ = [](Grid& grid, const run::GridEvent& event) {
    if (event.kind == Kind::kProgress) grid.request_stop("the test");
  };
  EXPECT_EQ(run(experiment_of({"stubborn"})).interrupted, 1u);
  expect_gone_within(30, "stubborn");
}

TEST_F(GridAtWork, EndsInItsOwnTimeWithCheckpoints) {
  stop_after_ = 3;
  const auto result = run(experiment_of({"slow", "stubborn"}));
  EXPECT_LT(std::chrono::steady_clock::now() - start_, std::chrono::seconds(20));
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.interrupted, 2u);
  EXPECT_EQ(run::state_of(folder_of("slow")), run::State::kInterrupted);
}

// The answers to requests, and what they do.

TEST_F(GridAtWork, StopsOneRunOnRequestAndLeavesItAlone) {
  const auto experiment = experiment_of({"slow", "finish", "finish"});
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    if (event.kind != Kind::kProgress || event.progress.step != 5) return;
    run::send_request(grid.folder(), {Action::kStop, experiment.runs[0].hash});
    grid.notice_requests();
  };
  const auto result = run(experiment, 1);
  EXPECT_EQ(result.interrupted, 1u);
  EXPECT_EQ(result.finished, 2u);
  EXPECT_FALSE(result.stopped) << "only one run was";
  EXPECT_EQ(conclude(result).code, Exit::kInterrupted);
  EXPECT_THAT(answers_,
              ::testing::ElementsAre("stop slow seed 1: its worker writes a checkpoint and stops"));
  EXPECT_EQ(run::last_attempt(folder_of("slow")).number, 1) << "this grid did not start it again";
}

TEST_F(GridAtWork, SkipsRetriesAndPrefersRunsOnRequest) {
  const auto experiment = experiment_of({"slow", "fail", "finish", "device", "noisy"});
  std::vector<std::string> order;
  bool asked = false;
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    const auto ask = [&](Action action, const std::string& hash) {
      run::send_request(grid.folder(), {action, hash});
      grid.notice_requests();
    };
    if (event.kind == Kind::kStarted)
      order.push_back(grid.header().tasks[event.task].labels.at("behaviour"));
    if (event.kind == Kind::kFailed && order.size() < 6)
      ask(Action::kRetry, experiment.runs[1].hash);
    if (event.kind != Kind::kProgress || event.progress.step != 5 || asked) return;
    asked = true;
    ask(Action::kSkip, experiment.runs[0].hash);  // it runs
    ask(Action::kFirst, experiment.runs[3].hash);
    ask(Action::kSkip, experiment.runs[2].hash);
    ask(Action::kRetry, experiment.runs[2].hash);
    ask(Action::kSkip, experiment.runs[4].hash);
    ask(Action::kFirst, "no such run");
    ask(Action::kStop, experiment.runs[0].hash);
  };
  const auto result = run(experiment, 1);
  EXPECT_THAT(answers_,
              ::testing::IsSupersetOf({HasSubstr("skip slow seed 1: refused, because it runs"),
                                       HasSubstr("first device seed 4: it starts next"),
                                       HasSubstr("skip finish seed 3: this grid leaves it out"),
                                       HasSubstr("retry finish seed 3: it starts again"),
                                       HasSubstr("skip noisy seed 5: this grid leaves it out"),
                                       HasSubstr("first: refused, because the grid has no run"),
                                       HasSubstr("retry fail seed 2: it starts again")}));
  ASSERT_GE(order.size(), 4u);
  EXPECT_EQ(order[0], "slow");
  EXPECT_EQ(order[1], "device") << "it was preferred";
  EXPECT_EQ(std::count(order.begin(), order.end(), "noisy"), 0);
  EXPECT_EQ(result.skipped, 1u);
  EXPECT_EQ(result.finished, 2u);
  EXPECT_EQ(result.failed, 1u) << "a run that is retried counts once";
}

TEST_F(GridAtWork, AnswersARequestThatItCannotUse) {
  const auto experiment = experiment_of({"slow"});
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    if (event.kind == Kind::kRequest) grid.request_stop("the test");
    if (event.kind != Kind::kProgress || event.progress.step != 5) return;
    publish_file(run::requests_folder(grid.folder()) + "/new.json", R"({"version": 9})");
    grid.notice_requests();
  };
  run(experiment);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_THAT(answers_[0], HasSubstr("A newer lealab wrote it"));
}

// Claims: several grids in one lab.

TEST_F(GridAtWork, WaitsForTheResultOfAnotherProcess) {
  const auto experiment = experiment_of({"finish", "finish"});
  const std::string hash = experiment.runs[0].hash;
  auto claim = run::Claim::take(lab_.path(), hash);
  ASSERT_TRUE(claim.has_value());
  run::Folder made;
  std::vector<std::string> elsewhere;
  on_event_ = [&](Grid&, const run::GridEvent& event) {
    if (event.kind == Kind::kElsewhere) elsewhere.push_back(event.text);
    // When the grid has done everything else, the other process finishes its run.
    if (event.kind != Kind::kFinished || !claim) return;
    made = finished_run(lab_.path(), experiment, 0);
    claim->name(made.uuid());
    claim.reset();
  };
  const auto result = run(experiment);
  EXPECT_EQ(result.finished, 2u);
  EXPECT_THAT(elsewhere, ::testing::ElementsAre("process " + std::to_string(getpid()) + " on " +
                                                run::this_process().host));
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 2u) << "no second run was made";
  EXPECT_EQ(run::last_attempt(made).number, 0) << "and the other one was left alone";
}

TEST_F(GridAtWork, TakesOverWhatAnotherProcessLeftUnfinished) {
  const auto experiment = experiment_of({"finish", "finish"});
  auto claim = run::Claim::take(lab_.path(), experiment.runs[0].hash);
  const run::Folder left = new_run(lab_.path(), experiment, experiment.runs[0]);
  claim->name(left.uuid());
  on_event_ = [&](Grid&, const run::GridEvent& event) {
    if (event.kind == Kind::kFinished) claim.reset();
  };
  EXPECT_EQ(run(experiment).finished, 2u);
  EXPECT_EQ(run::state_of(left), run::State::kFinished) << "in the same folder";
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 2u);
}

TEST_F(GridAtWork, TakesTheFailureOfAnotherProcessAsItsOwn) {
  const auto experiment = experiment_of({"finish", "finish"});
  auto claim = run::Claim::take(lab_.path(), experiment.runs[0].hash);
  const run::Folder other = new_run(lab_.path(), experiment, experiment.runs[0]);
  claim->name(other.uuid());
  on_event_ = [&](Grid&, const run::GridEvent& event) {
    if (event.kind != Kind::kFinished || !claim) return;
    run::write_result(other, run::failure("out of luck", 1));
    claim.reset();
  };
  const auto result = run(experiment);
  EXPECT_EQ(result.failed, 1u);
  EXPECT_THAT(reasons_, ::testing::ElementsAre("out of luck"));
}

TEST_F(GridAtWork, DoesNotRepeatARunThatFinishedAfterThePlan) {
  const auto experiment = experiment_of({"finish"});
  const Plan plan = plan_of(experiment);
  run(experiment);  // another grid does it first
  Grid late(experiment, plan, options(), [](const auto&) {});
  EXPECT_EQ(work(late).finished, 1u);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 1u);
}

TEST_F(GridAtWork, RepeatsAFailedRunThatThePlanHasSeen) {
  const auto experiment = experiment_of({"fail"});
  EXPECT_EQ(run(experiment).failed, 1u);
  EXPECT_EQ(run(experiment).failed, 1u);
  EXPECT_EQ(run::list_runs(lab_.path()).size(), 2u) << "a run with a result never changes";
}

TEST_F(GridAtWork, HandsItsClaimToItsWorkers) {
  const auto experiment = experiment_of({"slow"});
  bool looked = false;
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    if (event.kind != Kind::kProgress || event.progress.step < 5 || looked) return;
    looked = true;
    const run::ClaimRecord claim = run::read_claim(lab_.path(), experiment.runs[0].hash);
    EXPECT_TRUE(claim.held);
    EXPECT_EQ(claim.run, event.run);
    EXPECT_FALSE(run::Claim::take(lab_.path(), experiment.runs[0].hash).has_value());
    grid.request_stop("the test");
  };
  run(experiment);
  EXPECT_TRUE(looked);
  EXPECT_TRUE(run::Claim::take(lab_.path(), experiment.runs[0].hash).has_value());
}

TEST_F(GridAtWork, GivesATaskAsManySlotsAsItHasThreads) {
  auto experiment = experiment_of({"slow", "finish", "finish", "finish"});
  experiment.runs[0].run.train.threads = 3;
  experiment.runs[0].hash = spec::run_hash(experiment.runs[0].run);
  size_t with_it = 0;
  bool slow_ran = false, slow_ended = false;
  on_event_ = [&](Grid& grid, const run::GridEvent& event) {
    if (event.task == 0 && event.kind == Kind::kStarted) slow_ran = true;
    if (event.task == 0 && event.kind == Kind::kInterrupted) slow_ended = true;
    if (event.task != 0 && event.kind == Kind::kStarted && slow_ran && !slow_ended) ++with_it;
    if (event.task == 0 && event.kind == Kind::kProgress && event.progress.step == 20) {
      run::send_request(grid.folder(), {Action::kStop, experiment.runs[0].hash});
      grid.notice_requests();
    }
  };
  EXPECT_EQ(run(experiment, /*jobs=*/1).finished, 3u);
  EXPECT_TRUE(slow_ran);
  EXPECT_EQ(with_it, 0u) << "the run with three threads takes all three slots";
}

TEST_F(GridAtWork, CollectsWhatEveryRunBecame) {
  run(experiment_of({"finish", "fail", "segfault", "oom"}));
  EXPECT_THAT(check_index(lab_.path()).problems, ::testing::IsEmpty());
  std::map<std::string, std::string> states;
  for (const auto& row : db::Store(lab_.path(), db::Store::Mode::kReadOnly).runs())
    states[row.labels.at("behaviour")] = row.state;
  EXPECT_EQ(
      states,
      (std::map<std::string, std::string>{
          {"finish", "finished"}, {"fail", "failed"}, {"segfault", "failed"}, {"oom", "queued"}}));
}

TEST_F(GridAtWork, ClearsWhatAKilledOneLeftHalfMade) {
  const std::string half_made = lab_.path() + "/runs/.new-";
  const std::string old = half_made + run::new_uuid();                // as older programs name it
  const std::string dead = half_made + "4194999-" + run::new_uuid();  // no process has this number
  const std::string live = half_made + std::to_string(getpid()) + "-" + run::new_uuid();
  for (const std::string& folder : {old, dead, live}) std::filesystem::create_directory(folder);
  run(experiment_of({"finish"}));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(live)) << "an import of ranks may be making it";
}

}  // namespace
}  // namespace lea::lab
