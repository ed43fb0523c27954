// Runs whose test part is kept closed, and opened later.
#include <fstream>
#include <set>

#include "core/lab/archive.h"
#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/grid.h"
#include "core/lab/index_check.h"
#include "core/lab/pack.h"
#include "core/lab/ranked_run.h"
#include "core/lab/work.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ClosedTestPart : public ::testing::Test {
 protected:
  Plan plan(const spec::Experiment& experiment,
            const run::InstalledPlugins& plugins = installed()) const {
    Plan plan = make_plan(lab_.path(), experiment, plugins, 2, false);
    // As a session plans.
    for (PlannedTask& task : plan.tasks) {
      const std::string run = run::read_claim(lab_.path(), experiment.runs[task.index].hash).run;
      if (!run.empty() && run::read_result(run::folder_of(lab_.path(), run))) task.judged = run;
    }
    return plan;
  }
  GridResult work(const spec::Experiment& experiment) {
    const Plan todo = plan(experiment);
    GridOptions options;
    options.lab = lab_.path();
    options.worker = LEA_FAKE_WORKER;
    Grid grid(experiment, todo, options, [this](const run::GridEvent& event) {
      if (event.kind == run::GridEvent::Kind::kFailed) reasons_.push_back(event.text);
    });
    grid.start();
    while (grid.poll(0.05)) {
    }
    return grid.result();
  }
  run::Folder the_run() const {
    const auto runs = run::list_runs(lab_.path());
    EXPECT_EQ(runs.size(), 1u);
    return runs.at(0);
  }
  std::string index() const {
    return db::Store(lab_.path(), db::Store::Mode::kReadOnly).content_hash();
  }
  // The parts of which the index has metrics.
  std::set<std::string> parts_in_the_index() const {
    std::set<std::string> parts;
    for (const auto& row : db::Store(lab_.path(), db::Store::Mode::kReadOnly).results())
      parts.insert(row.part);
    return parts;
  }

  const TemporaryLab lab_;
  const spec::Experiment open_ = experiment_of({"finish"}), closed_ = closed(open_);
  std::vector<std::string> reasons_;
};

TEST_F(ClosedTestPart, IsNoPartOfTheHash) {
  for (const spec::PlannedRun& run : closed_.runs) EXPECT_EQ(spec::run_hash(run.run), run.hash);
}

TEST_F(ClosedTestPart, IsDoneForASpecThatKeepsItClosedAndToBeOpenedForAnother) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  for (const bool indexed : {false, true}) {
    if (indexed) collect(lab_.path());
    EXPECT_EQ(plan(closed_).tasks[0].status, TaskStatus::kDone);
    const Plan opening = plan(open_);
    EXPECT_EQ(opening.tasks[0].status, TaskStatus::kOpenTest);
    EXPECT_EQ(opening.to_do(), 1u);
    EXPECT_EQ(opening.tasks[0].folder.path, run.path) << "no other run is made";
    EXPECT_EQ(to_json(opening, open_).at("counts").at("test to open"), 1);
    EXPECT_EQ(opening.disk.working, 0) << "nothing is trained";
  }
  write_test(run, 2);
  EXPECT_EQ(plan(open_).tasks[0].status, TaskStatus::kDone) << "before the index knows it";
  collect(lab_.path());
  EXPECT_EQ(plan(open_).tasks[0].status, TaskStatus::kDone);
  EXPECT_EQ(plan(closed_).tasks[0].status, TaskStatus::kDone);
}

TEST_F(ClosedTestPart, TakesTheTimeThatTheRunTookBesideItsTraining) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  run::Result result = run::read_result(run).value();
  result.training->train_seconds = 1000;
  result.training->wall_seconds = 1030;
  run::write_result(run, result);
  EXPECT_DOUBLE_EQ(plan(open_).tasks[0].seconds, 30);
}

TEST_F(ClosedTestPart, CannotBeOpenedWithoutTheNetworkThatWasKept) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  fs::remove(run.file(run::kBestFile));
  const Plan again = plan(open_);
  EXPECT_EQ(again.tasks[0].status, TaskStatus::kToDo);
  EXPECT_TRUE(again.tasks[0].folder.path.empty()) << "the run is done again, in another folder";
  EXPECT_THAT(again.tasks[0].note, HasSubstr("has its test part closed, and the network"));
  auto untrained = open_;
  untrained.runs[0].run.reads_train = false;
  EXPECT_EQ(plan(untrained).tasks[0].status, TaskStatus::kOpenTest)
      << "a baseline is fitted again instead";
}

TEST_F(ClosedTestPart, StaysClosedWhenThePluginWasReplaced) {
  finished_run(lab_.path(), closed_, 0, /*test=*/false);
  EXPECT_EQ(plan(open_, installed("2")).tasks[0].status, TaskStatus::kStale);
}

TEST_F(ClosedTestPart, IsOpenedByAGridWithoutChangingTheResult) {
  EXPECT_EQ(work(closed_).finished, 1u);
  const run::Folder run = the_run();
  EXPECT_TRUE(run::read_result(run)->closed());
  EXPECT_THAT(parts_in_the_index(), ElementsAre("valid"));
  const std::string before = read_file(run.file(run::kResultFile));
  EXPECT_EQ(work(closed_).finished, 0u) << "nothing to do";
  EXPECT_EQ(work(open_).finished, 1u);
  EXPECT_EQ(read_file(the_run().file(run::kResultFile)), before);
  EXPECT_FALSE(run::read_result(run)->closed());
  EXPECT_EQ(run::read_result(run)->opened->attempt, 2);
  EXPECT_TRUE(run::last_attempt(run).ended);
  EXPECT_THAT(parts_in_the_index(), ElementsAre("test", "valid"));
  EXPECT_EQ(work(open_).finished, 0u) << "nothing to do";
}

TEST_F(ClosedTestPart, KeepsTheRunWhenTheOpeningFails) {
  int64_t seed = 0;
  for (const char* behaviour : {"fail", "silent", "segfault", "disk"}) {
    auto other = experiment_of({behaviour}, behaviour);
    other.runs[0].run.seed = ++seed;
    other.runs[0].hash = spec::run_hash(other.runs[0].run);
    const run::Folder run = finished_run(lab_.path(), closed(other), 0, /*test=*/false);
    const std::string before = read_file(run.file(run::kResultFile));
    reasons_.clear();
    const GridResult result = work(other);
    EXPECT_EQ(result.failed, 1u) << behaviour;
    ASSERT_EQ(reasons_.size(), 1u) << behaviour;
    EXPECT_NE(reasons_[0], "");
    EXPECT_EQ(read_file(run.file(run::kResultFile)), before) << behaviour;
    EXPECT_EQ(run::state_of(run), run::State::kFinished);
    EXPECT_TRUE(run::last_attempt(run).ended) << behaviour;
    EXPECT_EQ(plan(other).tasks[0].status, TaskStatus::kOpenTest) << "the next call tries again";
  }
  EXPECT_THAT(check_index(lab_.path()).problems, IsEmpty());
}

TEST_F(ClosedTestPart, IsOpenedByHandWithTheCommandThatTasksPrints) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  GridOptions options;
  options.lab = lab_.path();
  options.worker = LEA_FAKE_WORKER;
  const auto say = [](const std::string&) {};
  const auto done = [](Work& work) {
    while (work.poll(0.05)) {
    }
    return work.conclusion().code;
  };
  Work as_it_is(run, options, say);
  EXPECT_EQ(done(as_it_is), Exit::kOk);
  EXPECT_TRUE(run::read_result(run)->closed()) << "its own spec keeps it closed";
  Work opening(run, options, say, /*test=*/true);
  EXPECT_EQ(done(opening), Exit::kOk);
  EXPECT_FALSE(run::read_result(run)->closed());
}

TEST_F(ClosedTestPart, OpenedIsCollectedAndRebuiltToTheSameIndex) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  run::save_plan(lab_.path(), closed_);
  collect(lab_.path());
  EXPECT_THAT(parts_in_the_index(), ElementsAre("valid"));
  const std::string before = index();
  EXPECT_EQ(collect(lab_.path()).unchanged, 1);
  write_test(run, 2);
  EXPECT_EQ(check_index(lab_.path()).behind, 1);
  EXPECT_THAT(check_index(lab_.path()).problems, IsEmpty());
  EXPECT_THAT(current_index(lab_.path()).left_out, IsEmpty());
  EXPECT_THAT(parts_in_the_index(), ElementsAre("test", "valid"));
  const std::string after = index();
  EXPECT_NE(after, before);
  std::string aside;
  rebuild(lab_.path(), &aside);
  EXPECT_EQ(index(), after);
  EXPECT_EQ(check_index(lab_.path()).behind, 0);
}

TEST_F(ClosedTestPart, DoesNotCountWhatAKilledOpeningLeaves) {
  const run::Folder run = finished_run(lab_.path(), closed_, 0, /*test=*/false);
  publish_file(run.file(run::kTopFile), eval::encode_top(fake_top()));
  publish_file(run.file(run::kRanksFile), eval::encode_ranks(fake_ranks()));
  const RunRecord record = read_run(run);
  for (const db::ResultRow& row : record.results) EXPECT_EQ(row.part, "valid");
  EXPECT_EQ(plan(open_).tasks[0].status, TaskStatus::kOpenTest);
  const Packed packed = pack_run(run, lab_.path());
  const auto files = read_tar_xz(read_file(packed.path), "pack");
  EXPECT_FALSE(files.contains(run.uuid() + "/ranks.bin"));
  EXPECT_FALSE(files.contains(run.uuid() + "/top.bin"));
}

TEST_F(ClosedTestPart, HasNoRanksToExport) {
  finished_run(lab_.path(), closed_, 0, /*test=*/false);
  EXPECT_THAT(
      message_of([&] { open_ranked_run(lab_.path(), the_run().uuid()); }),
      HasSubstr("its test part is closed (evaluate.test), so it has no ranks. `lealab run`"));
}

TEST_F(ClosedTestPart, TakesLessDiskWhileItIsClosed) {
  const SplitSizes sizes = {{split_key(open_.runs[0].run), {1000, 80000, 10000, 10000}}};
  DiskModel model(lab_.path(), sizes);
  const int64_t open = model.use(open_.runs[0].run).kept,
                closed = model.use(closed_.runs[0].run).kept;
  EXPECT_EQ(open - closed, model.test_bytes(open_.runs[0].run));
  // A rank record and 20 items for each event; header and checksum of two files.
  EXPECT_EQ(open - closed, 10000 * (32 + 20 * 4) + 2 * (152 + 64));
}

// The top items are verified as the ranks are.
TEST_F(ClosedTestPart, AndAnyOtherIsRefusedWithTopItemsThatAreNotItsOwn) {
  const run::Folder run = finished_run(lab_.path(), open_);
  EXPECT_EQ(message_of([&] { read_run(run); }), "");
  const auto refusal = [&](const eval::TopFile& top, bool stated) {
    const std::string bytes = eval::encode_top(top);
    publish_file(run.file(run::kTopFile), bytes);
    run::Result result = run::read_result(run).value();
    if (stated) result.top_sha256 = sha256(bytes);
    run::write_result(run, result);
    return message_of([&] { read_run(run); });
  };
  eval::TopFile other = fake_top();
  other.top[0] = 100;
  EXPECT_THAT(refusal(other, false), HasSubstr("top.bin: is not the file that result.json names"));
  other.top.resize(20);
  EXPECT_THAT(refusal(other, true), HasSubstr("the events of ranks.bin"));
  other = fake_top();
  other.split_fingerprint = std::string(64, 'c');
  EXPECT_THAT(refusal(other, true), HasSubstr("top.bin: does not have the data set, the split"));
  // An older run states none, and needs none.
  run::Result result = run::read_result(run).value();
  result.top_sha256.clear();
  run::write_result(run, result);
  fs::remove(run.file(run::kTopFile));
  EXPECT_EQ(message_of([&] { read_run(run); }), "");
}

class ClosedPack : public ClosedTestPart {
 protected:
  ClosedPack() : run_(finished_run(lab_.path(), closed_, 0, /*test=*/false)) {
    run::save_plan(lab_.path(), closed_);
    pack_run(run_, folder("closed"));
    write_test(run_, 2);
    pack_run(run_, folder("open"));
  }
  std::string folder(const std::string& name) const {
    fs::create_directories(lab_.beside(name));
    return lab_.beside(name);
  }
  run::Folder in_other() const { return run::folder_of(other_.path(), run_.uuid()); }

  const TemporaryLab other_;
  const run::Folder run_;
};

TEST_F(ClosedPack, IsImportedClosed) {
  EXPECT_EQ(import_packs(other_.path(), {folder("closed")}).added, 1u);
  EXPECT_TRUE(run::read_result(in_other())->closed());
  EXPECT_THAT(collect(other_.path()).refused, IsEmpty());
}

TEST_F(ClosedPack, OpenedLaterBringsItsTestPartToALabThatHasTheRun) {
  import_packs(other_.path(), {folder("closed")});
  collect(other_.path());
  const PackImport imported = import_packs(other_.path(), {folder("open")});
  EXPECT_EQ(imported.added, 0u);
  EXPECT_EQ(imported.present, 1u);
  EXPECT_EQ(imported.opened, 1u);
  for (const char* file : {run::kResultFile, run::kTestFile, run::kRanksFile, run::kTopFile})
    EXPECT_EQ(read_file(in_other().file(file)), read_file(run_.file(file))) << file;
  EXPECT_THAT(collect(other_.path()).refused, IsEmpty());
  EXPECT_FALSE(run::read_result(in_other())->closed());
  // The older pack takes nothing away.
  EXPECT_EQ(import_packs(other_.path(), {folder("closed")}).opened, 0u);
  EXPECT_FALSE(run::read_result(in_other())->closed());
}

TEST_F(ClosedPack, IsTakenWithTheTestPartWhenBothArePacked) {
  EXPECT_EQ(import_packs(other_.path(), {folder("closed"), folder("open")}).added, 1u);
  EXPECT_FALSE(run::read_result(in_other())->closed());
}

TEST_F(ClosedPack, IsRefusedWhenTwoOpenOnesDiffer) {
  auto files = read_tar_xz(read_file(folder("open") + "/" + run_.uuid() + ".tar.xz"), "pack");
  std::string& text = files[run_.uuid() + "/test.json"];
  auto document = parse_json(text, "test.json");
  document["opened"]["at"] = "2001-01-01T00:00:00Z";
  text = document.dump();
  publish_file(folder("other") + "/" + run_.uuid() + ".tar.xz", write_tar_xz(files));
  EXPECT_THAT(message_of([&] {
                import_packs(other_.path(), {folder("open"), folder("other")});
              }),
              HasSubstr("differ in test.json at /opened/at"));
}

TEST_F(ClosedPack, IsRefusedWithoutTheFilesOfItsTestPart) {
  for (const std::string name : {"ranks.bin", "top.bin"}) {
    auto files = read_tar_xz(read_file(folder("open") + "/" + run_.uuid() + ".tar.xz"), "pack");
    files.erase(run_.uuid() + "/" + name);
    publish_file(folder("cut") + "/" + run_.uuid() + ".tar.xz", write_tar_xz(files));
    EXPECT_THAT(message_of([&] { import_packs(other_.path(), {folder("cut")}); }),
                HasSubstr("lacks " + name + ". Nothing was imported"));
  }
}

}  // namespace
}  // namespace lea::lab
