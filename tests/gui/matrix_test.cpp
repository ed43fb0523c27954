// The page Results with its matrix over real runs: its numbers are those of `lealab table`.
#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QScrollBar>
#include <QTest>
#include <fstream>

#include "core/base/error.h"
#include "core/report/pivot.h"
#include "core/report/render.h"
#include "gui/model/settings.h"
#include "gui/view/main_window.h"
#include "gui/view/results_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Phase = MatrixModel::Phase;

TEST(MatrixStates, AreKeptAsTextAndReadBack) {
  MatrixState state;
  state.experiment = "a \"b\", c=d";
  state.k = {1, 50};
  state.ties = "expected";
  state.seen = "remove";
  state.view = report::MatrixView{{"backbone"}, {"metric"}, {{"seed", "1"}}};
  EXPECT_EQ(matrix_state_in(to_text(state)), state);
  EXPECT_EQ(matrix_state_in("{\"k\": [0, 5], \"ties\": \"odd\", \"rows\": 7"), MatrixState());
  const MatrixState mended = matrix_state_in("{\"k\": [0, 5], \"ties\": \"odd\", \"rows\": 7}");
  EXPECT_EQ(mended.k, std::vector<int64_t>{5});
  EXPECT_EQ(mended.ties, "");
}

TEST(MatrixStates, GiveTheCommandOfTheTable) {
  MatrixState state;
  state.experiment = "my study";
  EXPECT_EQ(table_command(state, "/lab").toStdString(), "lealab --lab /lab table 'my study'");
  state.k = {1, 50};
  state.ties = "expected";
  state.seen = "keep";
  EXPECT_EQ(table_command(state, "/lab", /*by_split=*/true).toStdString(),
            "lealab --lab /lab table 'my study' --k 1,50 --ties expected --keep-seen --by-split");
}

TEST(MatrixStates, TakeCutsAsTheyAreTyped) {
  EXPECT_EQ(cuts_in(" 10, 5,5 "), (std::vector<int64_t>{5, 10}));
  EXPECT_TRUE(cuts_in("").empty());
  EXPECT_THROW(cuts_in("5, x"), UsageError);
  EXPECT_THROW(cuts_in("0"), UsageError);
}

TEST(MatrixStates, MoveAxesBetweenZones) {
  report::MatrixView view{{"a", "b"}, {"metric"}, {{"seed", "1"}}};
  move_axis(&view, "seed", Zone::kColumns, 0);
  EXPECT_THAT(view.columns, ElementsAre("seed", "metric"));
  EXPECT_TRUE(view.filters.empty());
  move_axis(&view, "a", Zone::kRows, 1);
  EXPECT_THAT(view.rows, ElementsAre("b", "a"));
  move_axis(&view, "b", Zone::kFilters);
  EXPECT_THAT(view.rows, ElementsAre("a"));
  EXPECT_EQ(zone_of(view, "b"), Zone::kFilters);
}

class Results : public testing::Test {
 protected:
  void open(const std::string& lab) {
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    window_->show_page("results");
    lab_.open(lab);
  }
  void open_with_runs() {
    folder_.import_runs();
    open(folder_.path());
    ASSERT_TRUE(wait_until([&] { return model().phase() == Phase::kReady; }));
    settle();
  }
  // Until nothing is being read.
  void settle() {
    ASSERT_TRUE(wait_until([&] { return !lab_.is_refreshing() && !model().is_busy(); }));
    QTest::qWait(50);
    ASSERT_TRUE(wait_until([&] { return !model().is_busy(); }));
  }
  void show_view(const report::MatrixView& view) {
    MatrixState state = model().state();
    state.view = view;
    model().set_state(state);
    settle();
  }
  MatrixPanel* panel() { return static_cast<ResultsPage*>(window_->page("results"))->matrix(); }
  MatrixModel& model() { return panel()->model(); }
  report::Pivot pivot() {
    const db::Store store(folder_.path(), db::Store::Mode::kReadOnly);
    report::TableOptions options;
    options.lab = folder_.path();
    return report::experiment_pivot(store, "industry_baselines", options);
  }
  void TearDown() override { window_.reset(); }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  QSettings settings_{QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat};
  Context context_{messages_, lab_, actions_, navigator_, launcher_};
  std::unique_ptr<MainWindow> window_;
};

TEST_F(Results, SayWhatToDoWithoutALabAndWithoutRuns) {
  const std::string path = folder_.file("new lab");
  open(path);
  EXPECT_EQ(model().phase(), Phase::kNoLab);
  QPushButton* make = nullptr;
  for (QPushButton* button : panel()->findChildren<QPushButton*>()) {
    if (button->text() == "Make a lab here") make = button;
  }
  ASSERT_NE(make, nullptr);
  EXPECT_TRUE(make->isVisible());
  QTest::mouseClick(make, Qt::LeftButton);
  ASSERT_TRUE(wait_until([&] { return model().phase() == Phase::kNoExperiment; }));
  EXPECT_FALSE(make->isVisible());
}

TEST_F(Results, AreThoseOfTheTable) {
  open_with_runs();
  EXPECT_EQ(model().state().experiment, "industry_baselines") << "the newest";
  const report::Pivot table = pivot();
  const auto rows = report::printed_rows(table);
  const report::Matrix& matrix = model().matrix();
  ASSERT_EQ(matrix.rows.size(), rows.size());
  ASSERT_EQ(matrix.columns.size(), table.columns.size());
  QAbstractItemModel* cells = panel()->grid()->model();
  size_t numbers = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    EXPECT_EQ(matrix.rows[r], rows[r]->labels);
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const report::TableValue& value = rows[r]->values[c];
      EXPECT_EQ(matrix.cell(r, c).value.mark, value.mark);
      if (value.summary.n == 0) continue;
      const QString text = cells->index(static_cast<int>(r), static_cast<int>(c)).data().toString();
      EXPECT_TRUE(text.startsWith(QString::fromStdString(report::fixed(value.summary.mean))))
          << text.toStdString();
      EXPECT_EQ(matrix.cell(r, c).value.summary.half_width, value.summary.half_width);
      ++numbers;
    }
  }
  EXPECT_GT(numbers, 10u);
  // The footer, word for word.
  const std::string footer = panel()->footer()->toPlainText().toStdString();
  ASSERT_FALSE(table.notes.empty());
  for (const std::string& note : table.notes) EXPECT_THAT(footer, HasSubstr(note));
  for (const std::string& command : table.commands) EXPECT_THAT(footer, HasSubstr(command));
}

TEST_F(Results, AreCopiedAsTheTableIsPrinted) {
  open_with_runs();
  ASSERT_TRUE(model().is_table());
  const db::Store store(folder_.path(), db::Store::Mode::kReadOnly);
  report::TableOptions options;
  options.lab = folder_.path();
  for (const auto& [action, format] :
       {std::pair{"latex", "latex"}, {"markdown", "markdown"}, {"csv", "csv"}}) {
    actions_.action(QString("results.copy_") + action)->trigger();
    EXPECT_EQ(QApplication::clipboard()->text().toStdString(),
              report::experiment_table(store, "industry_baselines", format, false, options));
  }
  actions_.action("results.copy_command")->trigger();
  EXPECT_EQ(QApplication::clipboard()->text().toStdString(),
            "lealab --lab " + folder_.path() + " table industry_baselines");
}

TEST_F(Results, PutAnAxisIntoTheColumnsAndComeBack) {
  open_with_runs();
  report::MatrixView view = model().view();
  move_axis(&view, "framework", Zone::kColumns, 0);
  Q_EMIT panel()->zones()->view_wanted(view);
  settle();
  EXPECT_EQ(model().view().columns.front(), "framework");
  EXPECT_THAT(model().rendered("latex").toStdString(), HasSubstr("\\multicolumn{"));
  QString why;
  EXPECT_FALSE(model().is_table());
  EXPECT_EQ(model().command(&why), "");
  EXPECT_THAT(why.toStdString(), HasSubstr("As the table"));
  EXPECT_FALSE(actions_.action("results.copy_command")->isEnabled());
  EXPECT_EQ(panel()->zones()->list(Zone::kColumns)->item(0)->text(), "framework");
  actions_.action("results.as_table")->trigger();
  settle();
  EXPECT_TRUE(model().is_table());
}

TEST_F(Results, OfferTheZonesAndTheLabelsInTheMenuOfAnAxis) {
  open_with_runs();
  QMenu menu;
  panel()->zones()->fill_menu(&menu, "framework");
  QStringList texts;
  for (const QAction* action : menu.actions()) texts << action->text();
  EXPECT_TRUE(texts.contains("Move to the columns"));
  EXPECT_FALSE(texts.contains("Move to the rows"));
  QAction* only = nullptr;
  for (QAction* action : menu.actions()) {
    if (action->text() == "Only snqn") only = action;
  }
  ASSERT_NE(only, nullptr) << texts.join(", ").toStdString();
  only->trigger();
  settle();
  for (size_t r = 0; r < model().matrix().rows.size(); ++r)
    EXPECT_THAT(model().matrix().rows[r], testing::Not(Contains("sa2c")));
  EXPECT_THAT(panel()->footer()->toPlainText().toStdString(), HasSubstr("Shown: framework snqn."));
}

TEST_F(Results, LeadFromACellToItsRuns) {
  open_with_runs();
  MatrixGrid* grid = panel()->grid();
  const report::Pivot table = pivot();
  int row = -1;
  const auto rows = report::printed_rows(table);
  for (size_t r = 0; r < rows.size(); ++r) {
    if (rows[r]->finished.size() > 1) row = static_cast<int>(r);
  }
  ASSERT_GE(row, 0) << "a cell of several seeds";
  const QModelIndex cell = grid->model()->index(row, 0);
  grid->scrollTo(cell);
  QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->visualRect(cell).center());
  const size_t wanted = rows[static_cast<size_t>(row)]->finished.size() +
                        rows[static_cast<size_t>(row)]->missing.size();
  ASSERT_TRUE(wait_until([&] { return model().runs().runs().size() == wanted; }));
  EXPECT_THAT(panel()->cell()->title()->text().toStdString(), HasSubstr("finished"));
  for (const CellRun& run : model().runs().runs()) {
    if (run.uuid.empty()) continue;
    EXPECT_TRUE(std::filesystem::exists(run.folder));
    EXPECT_TRUE(run.value.has_value());
  }
  QString filter, uuid;
  QObject::connect(&navigator_, &Navigator::runs, [&](const QString& text) { filter = text; });
  QObject::connect(&navigator_, &Navigator::run, [&](const QString& text) { uuid = text; });
  QTest::keyClick(grid, Qt::Key_Return);
  ASSERT_TRUE(wait_until([&] { return !filter.isEmpty(); }));
  actions_.action("results.curves")->trigger();
  EXPECT_EQ(uuid.size(), 36);
  EXPECT_THAT(filter.toStdString(), HasSubstr("uuid=\"" + uuid.toStdString() + "\""));
}

TEST_F(Results, OpenTheSpecOfARunAsACopy) {
  open_with_runs();
  panel()->grid()->setCurrentIndex(panel()->grid()->model()->index(0, 0));
  QAction* spec = actions_.action("results.spec");
  ASSERT_TRUE(wait_until([&] { return spec->isEnabled(); }));
  QString text, origin;
  QObject::connect(&navigator_, &Navigator::spec_text, [&](const QString& a, const QString& b) {
    text = a;
    origin = b;
  });
  spec->trigger();
  ASSERT_TRUE(wait_until([&] { return !text.isEmpty(); }));
  EXPECT_THAT(text.toStdString(), HasSubstr("framework"));
  EXPECT_TRUE(origin.startsWith("run "));
}

TEST_F(Results, FollowTheIndexWithoutLosingTheChosenCell) {
  open_with_runs();
  MatrixGrid* grid = panel()->grid();
  grid->setCurrentIndex(grid->model()->index(1, 1));
  const std::vector<std::string> row = model().matrix().rows[1];
  const double before = model().matrix().cell(1, 1).value.summary.mean;
  // Another process drops a run of another row.
  const report::Pivot table = pivot();
  std::string dropped;
  for (const report::Row& other : table.rows) {
    if (other.labels != row && !other.finished.empty()) dropped = other.finished.front().run.uuid;
  }
  ASSERT_FALSE(dropped.empty());
  db::Store(folder_.path(), db::Store::Mode::kWrite).drop({dropped}, {});
  Q_EMIT lab_.index_changed();
  const auto gone = [&] {
    for (const report::MatrixSource::Run& run : model().source()->runs) {
      if (run.uuid == dropped) return false;
    }
    return true;
  };
  ASSERT_TRUE(wait_until(gone));
  const QModelIndex at = grid->currentIndex();
  ASSERT_TRUE(at.isValid());
  EXPECT_EQ(model().matrix().rows[static_cast<size_t>(at.row())], row);
  EXPECT_EQ(panel()->model().matrix().cell(static_cast<size_t>(at.row()), 1).value.summary.mean,
            before);
}

TEST_F(Results, TakeTheOptionsOfTheTable) {
  open_with_runs();
  MatrixState state = model().state();
  state.k = {1, 7};
  state.ties = "optimistic";
  model().set_state(state);
  settle();
  ASSERT_EQ(model().phase(), Phase::kReady);
  EXPECT_EQ(model().matrix().columns[0].back(), "hr@1");
  EXPECT_THAT(panel()->footer()->toPlainText().toStdString(),
              HasSubstr("ties for the target (optimistic)"));
  EXPECT_THAT(model().command().toStdString(), HasSubstr("--k 1,7 --ties optimistic"));
}

TEST_F(Results, SayWhyAGridCannotFillTheGaps) {
  open_with_runs();
  const MatrixModel::Gaps gaps = model().gaps();
  EXPECT_GT(gaps.missing, 0u) << "six of the 22 runs of the plan are here";
  EXPECT_EQ(gaps.spec, "");
  EXPECT_THAT(gaps.why_not.toStdString(), HasSubstr("Open the spec on the page Experiment"));
  EXPECT_FALSE(actions_.action("results.fill")->isEnabled());
}

TEST_F(Results, FillTheGapsByTheSpecOfTheNewestGrid) {
  run::GridHeader header = small_grid("industry_baselines");
  header.spec = folder_.file("study.yaml");
  { std::ofstream(header.spec) << "name: industry_baselines\n"; }
  auto grid = std::make_unique<run::LiveGrid>(folder_.path(), header);
  open_with_runs();
  ASSERT_TRUE(wait_until([&] { return !lab_.grids().empty(); }));
  EXPECT_THAT(model().gaps().why_not.toStdString(), HasSubstr("is at work"));
  grid.reset();
  ASSERT_TRUE(wait_until([&] { return !model().gaps().spec.empty(); }));
  EXPECT_EQ(model().gaps().spec, header.spec);
  EXPECT_TRUE(actions_.action("results.fill")->isEnabled());
}

TEST_F(Results, KeepTheViewInTheSettings) {
  open_with_runs();
  report::MatrixView view = model().view();
  move_axis(&view, "seed", Zone::kColumns, 0);
  show_view(view);
  const report::MatrixView shown = model().view();
  window_->close();
  window_.reset();
  lab_.open(folder_.file("nowhere"));
  ActionList actions;
  const Context context{messages_, lab_, actions, navigator_, launcher_};
  MainWindow again(context, page_entries(), settings_);
  again.show();
  again.show_page("results");
  lab_.open(folder_.path());
  MatrixModel& model = static_cast<ResultsPage*>(again.page("results"))->matrix()->model();
  ASSERT_TRUE(wait_until([&] { return model.phase() == Phase::kReady; }));
  EXPECT_EQ(model.view(), shown);
}

TEST_F(Results, ShowAnExperimentThatHasNotBegun) {
  folder_.import_runs();
  db::ExperimentRow plan{"later", "2999-01-01T00:00:00Z", {"framework"}, {{"name", "later"}}, {}};
  plan.runs.push_back({std::string(64, 'e'), 1, {{"framework", "snqn"}}});
  db::Store(folder_.path(), db::Store::Mode::kWrite).put_experiment(plan);
  open(folder_.path());
  ASSERT_TRUE(wait_until([&] { return model().phase() == Phase::kNoOutcome; }));
  EXPECT_EQ(model().state().experiment, "later") << "the newest is first";
  EXPECT_EQ(model().sentence().toStdString(),
            "later: no run has finished yet: 1 to do; `lealab run` with its spec makes them.");
  EXPECT_EQ(panel()->experiments()->item(0)->text(), "later");
}

TEST_F(Results, ShowAllRunsOfTheLab) {
  open_with_runs();
  QListWidget* list = panel()->experiments();
  list->setCurrentRow(list->count() - 1);
  settle();
  EXPECT_TRUE(model().state().all_runs);
  ASSERT_EQ(model().phase(), Phase::kReady);
  size_t finished = 0;
  for (const report::MatrixCell& cell : model().matrix().cells)
    finished += cell.count(report::Standing::kFinished);
  EXPECT_EQ(finished, 6u);
  EXPECT_THAT(panel()->footer()->toPlainText().toStdString(),
              HasSubstr("marks compare only rows of one experiment"));
}

TEST(MatrixTables, ObeyTheRulesOfModels) {
  MatrixTable table;
  const QAbstractItemModelTester tester(&table,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  report::Matrix matrix;
  matrix.view = {{"a"}, {"b"}, {}};
  matrix.rows = {{"x"}, {"y"}};
  matrix.columns = {{"u"}};
  matrix.cells.resize(2);
  matrix.cells[0].settings = 1;
  matrix.cells[0].counts[static_cast<size_t>(report::Standing::kFailed)] = 1;
  matrix.cells[1].settings = 1;
  matrix.cells[1].counts[static_cast<size_t>(report::Standing::kStale)] = 2;
  matrix.cells[1].value.summary = {2, 0.5, 0.1, 0.25};
  table.show(matrix);
  EXPECT_EQ(table.index(0, 0).data().toString(), "FAILED");
  EXPECT_EQ(table.index(0, 0).data(kLookRole).toInt(), static_cast<int>(Look::kFailed));
  EXPECT_EQ(table.index(1, 0).data().toString(), "0.5000");
  EXPECT_EQ(table.index(1, 0).data(kIntervalRole).toString(), "±.2500");
  EXPECT_EQ(table.index(1, 0).data(kCountRole).toString(), "n 2");
  EXPECT_NE(table.index(1, 0).data(kLookRole).toInt(), static_cast<int>(Look::kFinished))
      << "a stale cell looks otherwise than a finished one";
  int resets = 0;
  QObject::connect(&table, &QAbstractItemModel::modelReset, [&] { ++resets; });
  matrix.cells[1].value.summary.mean = 0.75;
  table.show(matrix);
  EXPECT_EQ(resets, 0) << "the same heads";
  EXPECT_EQ(table.index(1, 0).data().toString(), "0.7500");
  matrix.rows.pop_back();
  matrix.cells.pop_back();
  table.show(matrix);
  EXPECT_EQ(resets, 1);
}

}  // namespace
}  // namespace lea::gui
