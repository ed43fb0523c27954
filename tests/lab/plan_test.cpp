// What a plan counts as done.
#include "core/lab/plan.h"

#include "core/lab/collector.h"
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
  EXPECT_THAT(plan.basis, HasSubstr("rough model"));
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
  run::begin_attempt(orphan);  // this process, which is alive
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
