// Two runs side by side, from real runs.
#include "gui/view/compare_view.h"

#include <QTest>

#include "core/report/pivot.h"
#include "core/report/run_view.h"
#include "core/spec/run_spec.h"
#include "gui/model/look.h"
#include "gui/model/run_query.h"
#include "gui/view/runs_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const auto kNever = [] { return false; };

class TwoRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    runs_ = new LabFolder;
    runs_->import_runs();
    const db::Store store(runs_->path(), db::Store::Mode::kReadOnly);
    const auto fields = sampled_fields(store);
    const auto of = [&](const std::string& filter) {
      return matching_runs(store, {"", filter, "uuid", false}, fields, kNever);
    };
    trained_ = of("framework=snqn or framework=sa2c");
    untrained_ = of("framework=popularity");
  }
  static void TearDownTestSuite() {
    delete runs_;
    runs_ = nullptr;
  }

  void open() {
    view_ = std::make_unique<CompareView>(context_);
    view_->resize(1180, 560);
    view_->restore(window_);
    view_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(view_.get()));
    lab_.open(runs_->path());
  }
  void compare(const std::string& a, const std::string& b) {
    view_->compare(QString::fromStdString(a), QString::fromStdString(b));
    ASSERT_TRUE(wait_until([&] {
      return !view_->comparison().is_busy() &&
             (view_->comparison().result() || !view_->comparison().problem().isEmpty());
    }));
  }
  // The text of the column in the row with this key; "" when there is none.
  static std::string cell(TablePane* pane, const QString& key_field, const QString& key,
                          const std::string& field) {
    const auto* model = static_cast<const TableModel*>(pane->view()->model());
    for (int row = 0; row < model->rowCount(); ++row) {
      if (model->index(row, model->column_of(key_field.toStdString())).data().toString() == key)
        return model->index(row, model->column_of(field)).data().toString().toStdString();
    }
    return "";
  }
  void TearDown() override { view_.reset(); }

  static LabFolder* runs_;
  static std::vector<std::string> trained_, untrained_;
  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  QSettings window_{QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat};
  Context context_{messages_, lab_, actions_, navigator_, launcher_};
  std::unique_ptr<CompareView> view_;
};
LabFolder* TwoRuns::runs_ = nullptr;
std::vector<std::string> TwoRuns::trained_, TwoRuns::untrained_;

TEST_F(TwoRuns, ShowTheDifferenceOfTheirSpecsAndAllOnRequest) {
  ASSERT_GE(trained_.size(), 2u);
  open();
  compare(trained_[0], trained_[1]);
  const auto& result = *view_->comparison().result();
  const db::Store store(runs_->path(), db::Store::Mode::kReadOnly);
  const auto spec = [&](size_t run) {
    return spec::with_added_defaults(store.run(trained_[run])->spec);
  };
  size_t spec_lines = 0;
  for (const ComparedLine& line : result.lines) spec_lines += line.part == "spec";
  const nlohmann::json both[] = {spec(0), spec(1)};
  EXPECT_GT(spec_lines, 20u) << "every setting is known";
  const auto* model = view_->lines_pane()->view()->model();
  const int few = model->rowCount();
  for (int row = 0; row < few; ++row) {
    if (model->index(row, 0).data() != "spec") continue;
    EXPECT_NE(model->index(row, 3).data().toString(), model->index(row, 4).data().toString());
  }
  // Seed and machine are shown even where they are equal.
  for (const char* key : {"seed", "machine_kind", "lealab", "libtorch"})
    EXPECT_FALSE(cell(view_->lines_pane(), "key", key, "a").empty()) << key;
  view_->all_box()->click();
  EXPECT_GT(model->rowCount(), few);
  EXPECT_EQ(cell(view_->lines_pane(), "key", "train.batch_size", "a"),
            std::to_string(both[0].at("train").at("batch_size").get<int>()));
}

TEST_F(TwoRuns, ShowTheirMetricsWithTheDifference) {
  open();
  compare(trained_[0], trained_[1]);
  const db::Store store(runs_->path(), db::Store::Mode::kReadOnly);
  const auto metric = [&](size_t run) {
    return report::view_of(*store.run(trained_[run]), store.results_of(trained_[run]))
        .metrics.test.at("ndcg@20");
  };
  EXPECT_EQ(cell(view_->metrics_pane(), "metric", "ndcg@20", "a"), report::fixed(metric(0)));
  EXPECT_EQ(cell(view_->metrics_pane(), "metric", "ndcg@20", "b"), report::fixed(metric(1)));
  const double difference = metric(1) - metric(0);
  const std::string sign = report::as_printed(difference) > 0 ? "+" : "";
  EXPECT_EQ(cell(view_->metrics_pane(), "metric", "ndcg@20", "difference"),
            sign + report::fixed(difference));
  EXPECT_THAT(view_->comparison().result()->warnings, IsEmpty());
}

TEST_F(TwoRuns, OverlayTheirCurves) {
  open();
  compare(trained_[0], trained_[1]);
  const db::Store store(runs_->path(), db::Store::Mode::kReadOnly);
  const auto lines = compared_curves(*view_->comparison().result(), "ndcg@20");
  ASSERT_EQ(lines.size(), 2u);
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const auto points = store.curve(trained_[side], "ndcg@20");
    ASSERT_EQ(lines[side].points.size(), points.size());
    for (size_t i = 0; i < points.size(); ++i)
      EXPECT_EQ(lines[side].points[i].mean, points[i].value);
  }
  ASSERT_TRUE(view_->curves()->has_plot());
  EXPECT_EQ(view_->curves()->plot()->legend->itemCount(), 2);
}

TEST_F(TwoRuns, SayWhyOneHasNoCurves) {
  ASSERT_FALSE(untrained_.empty());
  open();
  compare(trained_[0], untrained_[0]);
  EXPECT_THAT(view_->curves()->note().toStdString(),
              HasSubstr("Run B has no curves: its framework is not trained."));
  compare(untrained_[0], untrained_[0]);
  EXPECT_THAT(view_->curves()->text().toStdString(), HasSubstr("Run A has no curves"));
}

TEST(ImportedRun, SaysThatItHasNoCurvesAndThatItsSplitDiffers) {
  db::RunRecord a, b;
  a.run.uuid = "a";
  a.run.source = b.run.source = "imported";
  a.run.spec = b.run.spec = nlohmann::json::object();
  a.run.result = {{"split_fingerprint", "one"}, {"data_fingerprint", "same"}};
  b.run.result = {{"split_fingerprint", "two"}, {"data_fingerprint", "same"}};
  const Comparison comparison = compare_runs(a, b);
  EXPECT_EQ(comparison.runs[0].why_no_curves, "it was imported from another system");
  EXPECT_THAT(comparison.warnings, testing::ElementsAre("another split"));
}

TEST_F(TwoRuns, AreFoundByTheFirstDigitsAndAnUnknownOneIsReported) {
  open();
  compare(trained_[0].substr(0, 8), trained_[1].substr(0, 8));
  EXPECT_EQ(view_->run_line(0)->text().toStdString(), trained_[0]);
  compare("00000000", trained_[1]);
  EXPECT_FALSE(view_->comparison().result());
  ASSERT_EQ(messages_.current().size(), 1u);
  EXPECT_THAT(messages_.current()[0].text.toStdString(), HasSubstr("00000000"));
  compare(trained_[0], trained_[1]);
  EXPECT_TRUE(messages_.current().empty());
}

TEST_F(TwoRuns, AreComparedFromTheTableOfRuns) {
  open();
  RunsPage page(context_);
  page.show();
  QAction* action = actions_.action("runs.compare");
  auto* view = page.runs_pane()->view();
  ASSERT_TRUE(wait_until([&] { return view->model()->rowCount() == 6; }));
  EXPECT_FALSE(action->isEnabled());
  QString shown_page;
  QObject::connect(&navigator_, &Navigator::page, [&](const QString& id) { shown_page = id; });
  view->selectRow(0);
  EXPECT_FALSE(action->isEnabled()) << "one is not enough";
  view->selectionModel()->select(view->model()->index(2, 0),
                                 QItemSelectionModel::Select | QItemSelectionModel::Rows);
  ASSERT_TRUE(action->isEnabled());
  action->trigger();
  EXPECT_EQ(shown_page, "results");
  ASSERT_TRUE(wait_until([&] { return view_->comparison().result() != nullptr; }));
  EXPECT_EQ(view_->run_line(1)->text(), view->model()->index(2, 0).data(kIdRole).toString());
}

TEST_F(TwoRuns, AreAskedForInTheEmptyState) {
  open();
  auto* state = view_->findChild<EmptyState*>();
  ASSERT_TRUE(state->isVisible());
  bool found = false;
  ASSERT_TRUE(wait_until([&] {
    for (const QLabel* label : state->findChildren<QLabel*>())
      found |= label->text().contains("Compare the selected runs");
    return found;
  }));
}

// Writes what the tab looks like to a folder, for people: $LEA_PLOT_PICTURES.
TEST_F(TwoRuns, LookWellInBothThemes) {
  const QString folder = qEnvironmentVariable("LEA_PLOT_PICTURES");
  const QPalette before = QApplication::palette();
  open();
  for (const auto& [name, palette] :
       {std::pair{"light", light_palette()}, {"dark", dark_palette()}}) {
    QApplication::setPalette(palette);
    compare(trained_[0], trained_[1]);
    QTest::qWait(50);
    EXPECT_TRUE(view_->curves()->has_plot());
    if (!folder.isEmpty()) view_->grab().save(folder + "/compare-" + name + ".png");
  }
  QApplication::setPalette(before);
}

}  // namespace
}  // namespace lea::gui
