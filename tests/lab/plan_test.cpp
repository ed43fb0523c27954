// What a plan counts as done.
#include "core/lab/plan.h"

#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/estimate.h"
#include "core/run/beat.h"
#include "db/store/store.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;

Plan plan_of(const TemporaryLab& lab, const spec::Experiment& experiment,
             const run::InstalledPlugins& plugins = installed(), bool redo = false) {
  return make_plan(lab.path(), experiment, plugins, 2, redo);
}

TEST(Plan, SkipsWhatAnyExperimentHasFinished) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  finished_run(lab.path(), experiment, 0);
  const Plan plan = plan_of(lab, experiment_of({"finish", "finish"}, "another"));
  EXPECT_EQ(plan.count(TaskStatus::kDone), 1u);
  EXPECT_EQ(plan.to_do(), 1u);
  EXPECT_GT(plan.seconds, 0);
  EXPECT_THAT(plan.basis, HasSubstr("1 of 1 run estimated from earlier runs"));
}

TEST(Plan, ShowsResultsOfAnotherVersionAsStaleAndRedoesThemOnlyWhenAsked) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  finished_run(lab.path(), experiment);
  const Plan stale = plan_of(lab, experiment, installed("2"));
  EXPECT_EQ(stale.count(TaskStatus::kStale), 1u);
  EXPECT_EQ(stale.to_do(), 0u);
  EXPECT_EQ(stale.tasks[0].note, "made with framework fake.framework 1 (now 2)");
  EXPECT_EQ(stale.stale.line(), "1 run is stale: made with framework fake.framework 1 (now 2)");
  const Plan redo = plan_of(lab, experiment, installed("2"), true);
  EXPECT_EQ(redo.to_do(), 1u);
  EXPECT_EQ(redo.stale.line(), "");
  EXPECT_TRUE(redo.tasks[0].folder.path.empty())
      << "a finished run's folder is never written again";
}

TEST(Plan, TakesAnotherBinaryOfTheSameVersionForTheSame) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  finished_run(lab.path(), experiment);
  const Plan plan = plan_of(lab, experiment, installed("1", "22"));
  EXPECT_EQ(plan.count(TaskStatus::kDone), 1u);
  EXPECT_EQ(plan.stale.line(), "");
}

TEST(Plan, SaysInOneLineWhatIsStale) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish", "finish"});
  for (const size_t i : {0, 1, 2}) finished_run(lab.path(), experiment, i);
  EXPECT_EQ(plan_of(lab, experiment, installed("2")).stale.line(),
            "3 runs are stale: made with framework fake.framework 1 (now 2)");
}

// The display, the executor and the estimate all ask needs_work(), so none counts otherwise.
TEST(Plan, CountsTheRunOfAnOrphanAmongWhatItWillDo) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  const run::Folder orphan = new_run(lab.path(), experiment, experiment.runs[0]);
  const WorkerAt worker(orphan);
  const Plan plan = plan_of(lab, experiment);
  EXPECT_EQ(plan.count(TaskStatus::kRunning), 1u);
  EXPECT_EQ(plan.to_do(), 2u);
  EXPECT_GT(plan.tasks[0].seconds, 0) << "its time is part of the estimate";
}

void put_data(const TemporaryLab& lab, const std::string& fingerprint) {
  std::filesystem::create_directories(lab.path() + "/data/toy");
  publish_file(lab.path() + "/data/toy/dataset.json",
               nlohmann::json{{"fingerprint", fingerprint}}.dump());
}

TEST(Plan, DoesARunAgainWhoseDataSetWasReplaced) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  finished_run(lab.path(), experiment);
  put_data(lab, fake_ranks().data_fingerprint);
  EXPECT_EQ(plan_of(lab, experiment).count(TaskStatus::kDone), 1u);
  put_data(lab, std::string(64, 'e'));
  const Plan plan = plan_of(lab, experiment);
  EXPECT_EQ(plan.to_do(), 1u);
  EXPECT_THAT(plan.tasks[0].note, HasSubstr("another data set of the name toy"));
  EXPECT_TRUE(plan.tasks[0].folder.path.empty()) << "the old result keeps its folder";

  // What was begun again and interrupted is resumed, although the old run is there and finished.
  const run::Folder again = new_run(lab.path(), experiment, experiment.runs[0]);
  std::filesystem::create_directory(again.path + "/checkpoint");
  publish_file(again.path + "/checkpoint/step-5.json", "{}");
  append_record(again.path + "/attempts.jsonl", {{"number", 1}, {"started", utc_now()}});
  run::close_attempt(again, 7, "interrupted");
  EXPECT_EQ(plan_of(lab, experiment).tasks[0].folder.path, again.path);
  put_data(lab, fake_ranks().data_fingerprint);
  EXPECT_EQ(plan_of(lab, experiment).count(TaskStatus::kDone), 1u) << "the data set is back";
}

TEST(Plan, DoesAFailedRunAgainInAFolderOfItsOwn) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const run::Folder run = new_run(lab.path(), experiment, experiment.runs[0]);
  publish_file(run.path + "/result.json", R"({"state": "failed", "reason": "out of luck"})");
  const Plan plan = plan_of(lab, experiment);
  EXPECT_EQ(plan.to_do(), 1u);
  EXPECT_THAT(plan.tasks[0].note, HasSubstr("out of luck"));
  EXPECT_TRUE(plan.tasks[0].folder.path.empty());
}

TEST(Plan, EstimatesFromWhatTheLabHasMeasured) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  finished_run(lab.path(), experiment, 0);
  collect(lab.path());
  const Plan plan = plan_of(lab, experiment);
  EXPECT_TRUE(plan.tasks[1].measured);
  EXPECT_DOUBLE_EQ(plan.tasks[1].seconds, 12.5);
  EXPECT_DOUBLE_EQ(plan.seconds, 12.5);
}

// A run that stopped after `step` steps.
run::Folder interrupted_run(const std::string& lab, const spec::Experiment& experiment,
                            size_t index, int64_t step) {
  const run::Folder run = new_run(lab, experiment, experiment.runs[index]);
  run::begin_attempt(run);
  std::filesystem::create_directory(run.file(run::kCheckpointFolder));
  for (const int64_t saved : {step / 2, step}) {
    const std::string name = "/checkpoint/step-" + std::to_string(saved) + ".json";
    publish_file(run.path + name, nlohmann::json{{"step", saved}}.dump());
  }
  run::close_attempt(run, 7, "interrupted");
  return run;
}

TEST(Plan, EstimatesAnInterruptedRunByWhatIsLeft) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish", "finish"});
  finished_run(lab.path(), experiment, 0);  // 100 steps in 12.5 s
  interrupted_run(lab.path(), experiment, 1, 50);
  collect(lab.path());
  const Plan plan = plan_of(lab, experiment);
  EXPECT_EQ(plan.tasks[1].status, TaskStatus::kInterrupted);
  EXPECT_DOUBLE_EQ(plan.tasks[1].seconds, 2 + (12.5 - 2) / 2) << "2 s to start, then half";
  EXPECT_DOUBLE_EQ(plan.tasks[2].seconds, 12.5);
  EXPECT_DOUBLE_EQ(plan.seconds, 12.5) << "the two run at the same time";
}

TEST(Plan, EstimatesAnInterruptedRunByWhatIsLeftWhenNothingWasMeasured) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  interrupted_run(lab.path(), experiment, 0, experiment.runs[0].run.train.max_steps * 3 / 4);
  const Plan plan = plan_of(lab, experiment);
  EXPECT_NEAR(plan.tasks[0].seconds - 2, (plan.tasks[1].seconds - 2) / 4, 1e-9);
}

TEST(Plan, EstimatesARunningRunByItsBeat) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  finished_run(lab.path(), experiment, 0);
  const run::Folder running = new_run(lab.path(), experiment, experiment.runs[1]);
  const WorkerAt worker(running);
  run::Beat beat;
  beat.progress.step = 80;
  run::write_beat(running, beat);
  EXPECT_NEAR(plan_of(lab, experiment).tasks[1].seconds, 2 + (12.5 - 2) * 0.2, 1e-9);
}

TEST(Plan, SurvivesADamagedManifestOfAnInterruptedRun) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  finished_run(lab.path(), experiment, 0);
  const run::Folder run = interrupted_run(lab.path(), experiment, 1, 50);
  publish_file(run.path + "/checkpoint/step-50.json", "{");
  EXPECT_DOUBLE_EQ(plan_of(lab, experiment).tasks[1].seconds, 2 + (12.5 - 2) * 0.75);
}

TEST(Estimator, TakesHalfOfTheStepsThatAreLeftBeyondTheMean) {
  const auto experiment = experiment_of({"finish"});
  spec::RunSpec run = experiment.runs[0].run;
  run.train.max_steps = 1000;
  Estimator estimator("no lab");
  estimator.add(run, {.steps = 400, .wall_seconds = 42});
  EXPECT_DOUBLE_EQ(estimator.estimate(run).seconds, 42);
  EXPECT_DOUBLE_EQ(estimator.estimate(run, 100).seconds, 2 + 40 * 0.75);
  EXPECT_DOUBLE_EQ(estimator.estimate(run, 600).seconds, 2 + 40 * 0.5) << "200 of 400 steps";
  run.train.max_steps = 2000;  // another limit: by the duration of a step
  EXPECT_DOUBLE_EQ(estimator.estimate(run, 1000).seconds, 2 + 500 * 42 / 400.0);
}

// The results of `plan` by the index must be those by the folders.
class PlanByIndex : public ::testing::Test {
 protected:
  Plan plan(const run::InstalledPlugins& plugins = installed(), bool redo = false) const {
    return plan_of(lab_, experiment_, plugins, redo);
  }
  // A finished run whose folder alone no longer shows what it was.
  run::Folder only_in_the_index(size_t index = 0) const {
    const run::Folder run = finished_run(lab_.path(), experiment_, index);
    collect(lab_.path());
    publish_file(run.file(run::kHeaderFile), "{");
    return run;
  }
  void damage_index() const { std::filesystem::resize_file(lab_.path() + "/results.sqlite", 5000); }

  const TemporaryLab lab_;
  const spec::Experiment experiment_ = experiment_of({"finish", "finish"});
};

TEST_F(PlanByIndex, ReadsNoFolderOfARunThatTheIndexHasInAFinalState) {
  const run::Folder run = only_in_the_index();
  EXPECT_EQ(plan().tasks[0].status, TaskStatus::kDone);
  EXPECT_EQ(plan().tasks[0].folder.path, run.path);
  std::filesystem::remove(lab_.path() + "/results.sqlite");
  EXPECT_EQ(plan().tasks[0].status, TaskStatus::kToDo) << "the folder shows it no longer";
}

TEST_F(PlanByIndex, ReadsTheFoldersWhenTheIndexIsDamaged) {
  finished_run(lab_.path(), experiment_);
  collect(lab_.path());
  damage_index();
  EXPECT_EQ(plan().count(TaskStatus::kDone), 1u);
  publish_file(lab_.path() + "/results.sqlite", "no database");
  EXPECT_EQ(plan().count(TaskStatus::kDone), 1u);
}

TEST_F(PlanByIndex, WorksWhileAnotherProcessWritesTheIndex) {
  finished_run(lab_.path(), experiment_);
  collect(lab_.path());
  const db::Store writer(lab_.path(), db::Store::Mode::kWrite);
  EXPECT_EQ(plan().count(TaskStatus::kDone), 1u);
}

TEST_F(PlanByIndex, ReadsTheFolderOfARunThatFinishedAfterItWasCollected) {
  const run::Folder run = interrupted_run(lab_.path(), experiment_, 0, 50);
  collect(lab_.path());
  EXPECT_EQ(plan().count(TaskStatus::kInterrupted), 1u);
  write_result(run, 2);
  EXPECT_EQ(plan().count(TaskStatus::kDone), 1u);
}

TEST_F(PlanByIndex, ReadsTheFolderOfARunThatTheIndexLacks) {
  finished_run(lab_.path(), experiment_, 0);
  collect(lab_.path());
  finished_run(lab_.path(), experiment_, 1);
  EXPECT_EQ(plan().count(TaskStatus::kDone), 2u);
}

TEST_F(PlanByIndex, DoesARunAgainWhoseFolderOrResultIsGone) {
  const run::Folder run = finished_run(lab_.path(), experiment_, 0);
  const run::Folder cut = finished_run(lab_.path(), experiment_, 1);
  collect(lab_.path());
  std::filesystem::remove_all(run.path);
  std::filesystem::remove(cut.file(run::kResultFile));
  EXPECT_EQ(plan().count(TaskStatus::kToDo), 2u);
}

TEST_F(PlanByIndex, ShowsStaleRuns) {
  only_in_the_index();
  const Plan stale = plan(installed("2"));
  EXPECT_EQ(stale.count(TaskStatus::kStale), 1u);
  EXPECT_EQ(stale.stale.line(), "1 run is stale: made with framework fake.framework 1 (now 2)");
  const Plan redo = plan(installed("2"), true);
  EXPECT_EQ(redo.to_do(), 2u);
  EXPECT_EQ(redo.tasks[0].note, "made with framework fake.framework 1 (now 2)");
}

TEST_F(PlanByIndex, SeesADataSetThatWasReplaced) {
  only_in_the_index();
  put_data(lab_, std::string(64, 'e'));
  EXPECT_EQ(plan().to_do(), 2u);
  EXPECT_THAT(plan().tasks[0].note, HasSubstr("another data set of the name toy"));
  put_data(lab_, fake_ranks().data_fingerprint);
  EXPECT_EQ(plan().count(TaskStatus::kDone), 1u);
}

TEST_F(PlanByIndex, SaysWhyARunFailedAndPrefersTheRunThatFinished) {
  const run::Folder failed = new_run(lab_.path(), experiment_, experiment_.runs[0]);
  publish_file(failed.path + "/result.json", R"({"state": "failed", "reason": "out of luck"})");
  collect(lab_.path());
  publish_file(failed.file(run::kHeaderFile), "{");
  EXPECT_EQ(plan().tasks[0].note, "failed before: out of luck");
  EXPECT_TRUE(plan().tasks[0].folder.path.empty());
  finished_run(lab_.path(), experiment_, 0);
  EXPECT_EQ(plan().tasks[0].status, TaskStatus::kDone);
}

TEST_F(PlanByIndex, GivesTheSamePlanAsTheFolders) {
  const auto experiment = experiment_of({"a", "b", "c", "d", "e"});
  finished_run(lab_.path(), experiment, 0);
  finished_run(lab_.path(), experiment, 0);
  interrupted_run(lab_.path(), experiment, 1, 50);
  const run::Folder failed = new_run(lab_.path(), experiment, experiment.runs[2]);
  publish_file(failed.path + "/result.json", R"({"state": "failed", "reason": "out of luck"})");
  collect(lab_.path());
  finished_run(lab_.path(), experiment, 3);
  const auto document = [&](const char* version) {
    nlohmann::json plan = to_json(plan_of(lab_, experiment, installed(version)), experiment);
    plan["disk"].erase("free_bytes");
    return plan;
  };
  const nlohmann::json now = document("1"), stale = document("2");
  damage_index();
  EXPECT_EQ(document("1"), now);
  EXPECT_EQ(document("2"), stale);
}

TEST(Plan, AddsUpTheDiskOfTheWorkThatIsLeft) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish", "finish"});
  const run::Folder done = finished_run(lab.path(), experiment, 0);
  const Plan plan = plan_of(lab, experiment);
  const int64_t size = folder_bytes(done.path);
  EXPECT_GT(size, 2 * 40 * 32) << "the ranks alone take more";
  EXPECT_EQ(plan.disk.kept, 2 * size);
  EXPECT_EQ(plan.disk.measured, 2u);
  EXPECT_EQ(plan.tasks[0].bytes, 0);
  EXPECT_EQ(plan.tasks[1].bytes, size);
  EXPECT_GT(plan.disk.free, 0);
  const nlohmann::json document = to_json(plan, experiment);
  EXPECT_EQ(document["disk"]["bytes"], 2 * size);
  EXPECT_EQ(document["disk"]["free_bytes"], plan.disk.free);
}

TEST(Plan, CountsWhatAnUnfinishedRunHasOnDiskAlready) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const run::Folder run = interrupted_run(lab.path(), experiment, 0, 50);
  publish_file(run.path + "/checkpoint/step-50.safetensors", std::string(1000, 'x'));
  const PlannedDisk disk = plan_of(lab, experiment).disk;
  EXPECT_EQ(disk.present, folder_bytes(run.path));
  EXPECT_EQ(disk.needed(), disk.kept + disk.working - disk.present);
}

TEST(Plan, FindsThatTheDiskIsTooSmall) {
  PlannedDisk disk;
  disk.kept = 100;
  disk.working = 50;
  disk.present = 20;
  EXPECT_TRUE(disk.fits()) << "nothing is known";
  disk.free = 130;
  EXPECT_TRUE(disk.fits());
  disk.free = 129;
  EXPECT_FALSE(disk.fits());
}

TEST(Plan, WritesSizesWithTwoDigits) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(950), "950 B");
  EXPECT_EQ(size_text(1234), "1.2 kB");
  EXPECT_EQ(size_text(9'960'000), "10 MB");
  EXPECT_EQ(size_text(999'600'000), "1.0 GB");
  EXPECT_EQ(size_text(20'100'000'000), "20 GB");
}

TEST(Plan, StartsNoMoreWorkersThanThereAreDevicesForThem) {
  auto experiment = experiment_of({"finish"});
  const int64_t processors = default_jobs(experiment, 0, 0);
  EXPECT_GE(processors, 1);
  experiment.runs[0].run.train.threads = processors + 1;
  EXPECT_EQ(default_jobs(experiment, 0, 0), 1);
  experiment.runs[0].run.train.threads = 1;
  experiment.runs[0].run.train.device = "cuda";
  EXPECT_EQ(default_jobs(experiment, 0, 0), 1);
  EXPECT_EQ(default_jobs(experiment, 1, 0), 1);
  EXPECT_EQ(default_jobs(experiment, 10'000, 0), processors);
}

TEST(Plan, ListsTheDevicesThatTheEnvironmentShows) {
  setenv("CUDA_VISIBLE_DEVICES", "2,GPU-7", 1);
  EXPECT_EQ(cuda_devices(), (std::vector<std::string>{"2", "GPU-7"}));
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  EXPECT_TRUE(cuda_devices().empty());
  unsetenv("CUDA_VISIBLE_DEVICES");
}

TEST(Plan, IsDataForScripts) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish"});
  const nlohmann::json document = to_json(plan_of(lab, experiment), experiment);
  EXPECT_EQ(document["counts"]["to do"], 1);
  EXPECT_EQ(document["tasks"][0]["labels"]["behaviour"], "finish");
  EXPECT_TRUE(document["tasks"][0]["run"].is_null());
}

}  // namespace
}  // namespace lea::lab
