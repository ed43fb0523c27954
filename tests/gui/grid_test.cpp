// Grids as the window follows them, through folders that the test writes as a grid does.
#include "gui/model/grid_model.h"

#include <fstream>

#include "gui/model/grid_list.h"
#include "gui/model/lab_model.h"
#include "gui/model/task_table.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = run::GridEvent::Kind;

TEST(GridProgress, CountsRunsAndEstimatesWhatIsLeft) {
  run::GridHeader header = small_grid();
  for (run::GridTask& task : header.tasks) task.measured = true;
  lab::GridProgress progress(header);
  EXPECT_EQ(progress.to_do(), 3u);
  EXPECT_EQ(progress.count(lab::TaskState::kDoneBefore), 1u);
  const auto happens = [&](Kind kind, size_t task, const std::string& time) {
    run::GridEvent event{kind, task, "run"};
    event.time = time;
    progress.on_event(event);
  };
  happens(Kind::kStarted, 2, "2026-01-01T00:00:00Z");
  EXPECT_EQ(progress.at_work(), 1u);
  happens(Kind::kFinished, 2, "2026-01-01T00:00:50Z");
  EXPECT_EQ(progress.ended(), 1u);
  // A finished run took half of its estimate, so the two that wait are taken to do so, too. The
  // artefact has no estimate.
  EXPECT_DOUBLE_EQ(progress.remaining(std::time(nullptr)), 100);
  happens(Kind::kFailed, 3, "2026-01-01T00:01:00Z");
  EXPECT_EQ(progress.count(lab::TaskState::kFailed), 1u);
  happens(Kind::kQueued, 3, "2026-01-01T00:02:00Z");
  EXPECT_EQ(progress.count(lab::TaskState::kFailed), 0u);
  EXPECT_EQ(progress.count(lab::TaskState::kWaiting), 2u);
}

class FollowedGrid : public testing::Test {
 protected:
  FollowedGrid() { QObject::connect(&lab_, &LabModel::grid_news, &grid_, &GridModel::add); }

  void begin(const run::GridHeader& header = small_grid()) {
    live_ = std::make_unique<run::LiveGrid>(folder_.path(), header);
    lab_.open(folder_.path());
    lab_.follow(live_->header().id);
    ASSERT_TRUE(wait_until([&] { return !grid_.empty(); }));
  }
  void happens(const run::GridEvent& event) { run::append_event(live_->folder(), event); }
  void fails(size_t task, const std::string& why) { happens({Kind::kFailed, task, "", why}); }
  lab::TaskState state(size_t task) const { return grid_.task(task).state; }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  GridModel grid_;
  std::unique_ptr<run::LiveGrid> live_;
};

TEST_F(FollowedGrid, ShowsItsCellsAndWhatBecomesOfThem) {
  TaskTable table(grid_);
  begin();
  ASSERT_EQ(grid_.cells().size(), 2u);
  EXPECT_EQ(grid_.cells()[0].name, "snqn");
  EXPECT_THAT(grid_.cells()[1].tasks, ElementsAre(3u, 4u));
  EXPECT_THAT(grid_.artefacts(), ElementsAre(0u));
  EXPECT_EQ(table.rowCount(), 5);
  happens({Kind::kStarted, 3, "00000000-0000-4000-8000-000000000003"});
  fails(4, "loss is NaN at step 312");
  ASSERT_TRUE(wait_until([&] { return state(4) == lab::TaskState::kFailed; }));
  EXPECT_EQ(state(1), lab::TaskState::kDoneBefore);
  EXPECT_EQ(state(3), lab::TaskState::kRunning);
  table.set_filter("status=failed and label.framework=sa2c");
  ASSERT_EQ(table.rowCount(), 1);
  EXPECT_EQ(table.data(table.index(0, table.column_of("reason")), Qt::DisplayRole),
            "loss is NaN at step 312");
}

TEST_F(FollowedGrid, GroupsFailuresOfOneReasonWhateverTheirSteps) {
  FailureTable failures(grid_);
  begin();
  fails(2, "loss is NaN at step 312");
  fails(3, "killed by SIGKILL");
  fails(4, "loss is NaN at step 9");
  ASSERT_TRUE(wait_until([&] { return grid_.progress().count(lab::TaskState::kFailed) == 3; }));
  ASSERT_EQ(failures.rowCount(), 2);
  EXPECT_EQ(failures.data(failures.index(0, 0), Qt::DisplayRole), "2");
  EXPECT_EQ(failures.data(failures.index(0, 1), Qt::DisplayRole), "loss is NaN at step 312");
  EXPECT_EQ(failures.data(failures.index(0, 2), Qt::DisplayRole), "snqn seed 2, sa2c seed 2");
}

TEST_F(FollowedGrid, IsAsItWasWhenItIsFollowedAgain) {
  begin();
  fails(4, "why");
  ASSERT_TRUE(wait_until([&] { return state(4) == lab::TaskState::kFailed; }));
  grid_.clear();
  lab_.follow("");
  lab_.follow(live_->header().id);
  ASSERT_TRUE(wait_until([&] { return !grid_.empty(); }));
  EXPECT_EQ(state(4), lab::TaskState::kFailed);
}

TEST_F(FollowedGrid, StandsInTheListWithHowFarItIs) {
  GridList list(lab_);
  begin();
  happens({Kind::kStarted, 3, "00000000-0000-4000-8000-000000000003"});
  happens({Kind::kFinished, 2});
  ASSERT_TRUE(wait_until([&] {
    return list.rowCount() == 2 &&
           list.data(list.index(1), GridList::kDetail).toString().startsWith("1 of 3 · 1 at work");
  })) << list.data(list.index(1), GridList::kDetail).toString().toStdString();
  EXPECT_EQ(list.data(list.index(1), Qt::DisplayRole), "study");
  EXPECT_EQ(list.row_of(QString::fromStdString(live_->header().id)), 1);
  live_.reset();  // as when it is killed
  ASSERT_TRUE(wait_until([&] {
    return list.data(list.index(1), GridList::kDetail).toString() == "1 of 3 · stopped";
  })) << list.data(list.index(1), GridList::kDetail).toString().toStdString();
}

TEST_F(FollowedGrid, WhoseFolderIsDamagedIsNamedAsThatAndTheOthersAreShown) {
  GridList list(lab_);
  begin();
  const std::string other = run::grids_folder(folder_.path()) + "/20200101-000000-abcd";
  std::filesystem::create_directories(other);
  std::ofstream(other + "/" + run::kGridFile) << "{]";
  ASSERT_TRUE(wait_until([&] { return list.rowCount() == 3; }));
  EXPECT_EQ(list.data(list.index(2), GridList::kDetail), "cannot be read");
  EXPECT_THAT(list.data(list.index(2), Qt::ToolTipRole).toString().toStdString(),
              HasSubstr(run::kGridFile));
  EXPECT_TRUE(messages_.current().empty());
}

}  // namespace
}  // namespace lea::gui
