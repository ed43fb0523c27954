// The preview of a launch: counts of what would be done, while a text is typed.
#include "gui/model/plan_preview.h"

#include <QTest>
#include <fstream>

#include "core/spec/experiment.h"
#include "gui/view/experiment_page.h"
#include "gui/view/main_window.h"
#include "tests/gui/fixture.h"
#include "tests/lab/fixture.h"
#include "tests/spec/shipped.h"

namespace lea::gui {
namespace {

using testing::HasSubstr;

Facts shipped_facts() {
  Facts facts;
  lab::PluginRecord record;
  record.state = lab::PluginState::kEnabled;
  record.plugins = spec::shipped().all();
  facts.records = {record};
  facts.plugins = lab::catalogue_of(facts.records);
  return facts;
}

// 30 sequences of 8 events.
void write_interactions(const std::string& path) {
  std::ofstream file(path);
  file << "user_id\titem_id\ttimestamp\n";
  for (int user = 0; user < 30; ++user) {
    for (int event = 0; event < 8; ++event)
      file << "u" << user << "\ti" << (user * 3 + event * 5) % 17 << "\t" << event << "\n";
  }
}

class Preview : public testing::Test {
 protected:
  Preview() {
    write_interactions(folder_.file("clicks.tsv"));
    lab_.open(folder_.path());
    facts_.take(shipped_facts());
  }
  std::string text(const std::string& grid) const {
    return "name: mine\ndata: {name: clicks, path: " + folder_.file("clicks.tsv") + "}\n" + grid;
  }
  std::string path() const { return folder_.file("mine.yaml"); }
  void show(const std::string& spec) {
    preview_.show(QString::fromStdString(spec), QString::fromStdString(path()));
  }
  bool planned() {
    return wait_until([&] { return !preview_.is_working(); });
  }
  std::string line() const { return counts_line(preview_.summary()).toStdString(); }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  SpecFacts facts_{lab_};
  PlanPreview preview_{lab_, facts_};
};

constexpr const char* kGrid =
    "grid:\n  backbone: [gru4rec, sasrec]\n  framework: [supervised, snqn]\nseeds: [1, 2]\n";

TEST_F(Preview, CountsWhatALaunchWouldDo) {
  show(text(kGrid));
  ASSERT_TRUE(planned());
  ASSERT_EQ(preview_.state(), PlanPreview::State::kPlanned) << preview_.problem().toStdString();
  EXPECT_EQ(preview_.summary().cells, 4u);
  EXPECT_EQ(preview_.summary().runs, 8u);
  EXPECT_THAT(line(), HasSubstr("4 cells · 8 runs · none done · about "));
  EXPECT_THAT(line(), HasSubstr(" of disk"));
  EXPECT_EQ(preview_.cells().rowCount(), 4);
  EXPECT_FALSE(std::filesystem::exists(path())) << "the text has no file";
}

TEST_F(Preview, CountsTheCellsThatAreDone) {
  const std::string spec = text(kGrid);
  const spec::Experiment experiment = spec::load_experiment(
      path(), {}, facts_.now()->plugins, folder_.path() + "/models", {{path(), spec}});
  lab::finished_run(folder_.path(), experiment, 0);
  lab::finished_run(folder_.path(), experiment, 1);
  lab::finished_run(folder_.path(), experiment, 2);
  show(spec);
  ASSERT_TRUE(planned());
  EXPECT_EQ(preview_.summary().cells_done, 1u);
  EXPECT_EQ(preview_.summary().runs_done, 3u);
  EXPECT_THAT(line(), HasSubstr("1 cell done (3 runs)"));
  const CellTable& cells = preview_.cells();
  EXPECT_EQ(cells.index(0, 0).data().toString(), "done");
  EXPECT_EQ(cells.index(1, 0).data().toString(), "1 done, 1 to do");
  EXPECT_EQ(cells.index(1, 1).data().toString(), "gru4rec");
}

TEST_F(Preview, ListsTheErrorsOfTheText) {
  show(text("backbone: nope\nframework: snqn\n"));
  ASSERT_TRUE(planned());
  EXPECT_EQ(preview_.state(), PlanPreview::State::kRefused);
  EXPECT_EQ(preview_.problem().count('\n'), 1) << preview_.problem().toStdString();
  EXPECT_THAT(preview_.problem().toStdString(), HasSubstr("nope"));
  show(text(kGrid));
  ASSERT_TRUE(planned());
  EXPECT_TRUE(preview_.problem().isEmpty());
}

TEST_F(Preview, SaysWhatIsWrongWithTheData) {
  show("name: mine\ndata: {name: absent}\n" + std::string(kGrid));
  ASSERT_TRUE(planned());
  EXPECT_THAT(preview_.problem().toStdString(), HasSubstr("has no data set absent"));
}

TEST_F(Preview, OfALargeGridNeitherBlocksTheWindowNorDelaysANewerText) {
  std::string values;
  for (int i = 1; i <= 300; ++i) values += (i > 1 ? ", " : "") + std::to_string(i);
  show(text("backbone: gru4rec\nframework: snqn\ngrid: {train.batch_size: [" + values +
            "], train.patience: [" + values + "]}\nseeds: [1]\n"));
  ASSERT_TRUE(wait_until([&] { return preview_.seconds_working() > 0.6; }));
  ASSERT_TRUE(preview_.is_working()) << "90,000 runs";
  QElapsedTimer timer;
  timer.start();
  show(text(kGrid));
  EXPECT_LT(timer.elapsed(), 100);
  ASSERT_TRUE(planned());
  EXPECT_EQ(preview_.summary().cells, 4u);
  EXPECT_LT(timer.elapsed(), 5000) << "the work for the text before was ended";
}

TEST_F(Preview, EndsWithItsWindowInTheMiddleOfAPlan) {
  std::string values;
  for (int i = 1; i <= 300; ++i) values += (i > 1 ? ", " : "") + std::to_string(i);
  QElapsedTimer timer;
  {
    PlanPreview preview(lab_, facts_);
    preview.show(QString::fromStdString(
                     text("backbone: gru4rec\nframework: snqn\ngrid: {train.batch_size: [" +
                          values + "], train.patience: [" + values + "]}\nseeds: [1]\n")),
                 QString::fromStdString(path()));
    ASSERT_TRUE(wait_until([&] { return preview.seconds_working() > 0.6; }));
    timer.start();
  }
  EXPECT_LT(timer.elapsed(), 2000);
}

TEST_F(Preview, IsMadeAgainWhenRunsHaveEnded) {
  const std::string spec = text(kGrid);
  show(spec);
  ASSERT_TRUE(planned());
  const spec::Experiment experiment = spec::load_experiment(
      path(), {}, facts_.now()->plugins, folder_.path() + "/models", {{path(), spec}});
  lab::finished_run(folder_.path(), experiment, 0);
  lab_.refresh();
  EXPECT_TRUE(wait_until([&] { return preview_.summary().runs_done == 1; }));
}

// ---- The page

class ExperimentWindow : public Preview {
 protected:
  void open() {
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    window_->show_page("experiment");
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
  }
  ExperimentPage* page() { return static_cast<ExperimentPage*>(window_->page("experiment")); }
  SpecPanel* panel() { return page()->panel(); }
  void TearDown() override { window_.reset(); }

  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  QSettings settings_{QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat};
  Context context_{messages_, lab_, actions_, navigator_, launcher_};
  std::unique_ptr<MainWindow> window_;
};

TEST_F(ExperimentWindow, LeadsFromAnEmptyLabToAGridThatCanBeLaunched) {
  open();
  Facts facts = shipped_facts();
  facts.data_sets = {"clicks"};
  panel()->facts().take(facts);
  auto* empty = panel()->findChild<EmptyState*>();
  ASSERT_TRUE(empty->isVisible());
  actions_.action("experiment.new")->trigger();
  EXPECT_THAT(page()->spec().text().toStdString(), HasSubstr("data: {name: clicks}"));
  ASSERT_TRUE(wait_until([&] { return panel()->form().is_idle() && !empty->isVisible(); }));
  EXPECT_TRUE(actions_.action("experiment.launch")->isEnabled());
  ASSERT_TRUE(wait_until([&] { return !panel()->preview().is_working(); }));
  EXPECT_THAT(panel()->counts().toStdString(), HasSubstr("has no data set clicks"))
      << "that one exists only in the facts of this test";
}

TEST_F(ExperimentWindow, ShowsAChangeOfEitherSideOnTheOther) {
  open();
  panel()->facts().take(shipped_facts());
  page()->spec().show_copy(QString::fromStdString(text(kGrid)), "");
  ASSERT_TRUE(
      wait_until([&] { return panel()->form().is_idle() && !panel()->preview().is_working(); }));
  EXPECT_THAT(panel()->counts().toStdString(), HasSubstr("4 cells"));
  QTreeWidgetItem* row = panel()->lists()->row_of("framework", "sa2c");
  ASSERT_TRUE(row);
  row->setCheckState(0, Qt::Checked);
  ASSERT_TRUE(wait_until(
      [&] { return page()->spec().text().contains("framework: [supervised, snqn, sa2c]"); }));
  ASSERT_TRUE(wait_until([&] { return panel()->counts().contains("6 cells · 12 runs"); }))
      << panel()->counts().toStdString();
  page()->editor()->area()->undo();
  ASSERT_TRUE(wait_until([&] {
    const QTreeWidgetItem* again = panel()->lists()->row_of("framework", "sa2c");
    return again && again->checkState(0) == Qt::Unchecked;
  }));
}

TEST_F(ExperimentWindow, ShowsAnErrorThatTheEditorFindsAtItsField) {
  open();
  panel()->facts().take(shipped_facts());
  page()->spec().show_copy(
      QString::fromStdString(text("backbone: nope\nframework: snqn\nseeds: [1]\n")), "");
  EXPECT_TRUE(wait_until([&] {
    const FormField* field = panel()->form().outline().field("backbone");
    return field && field->error.find("nope") != std::string::npos;
  }));
}

TEST_F(ExperimentWindow, SaysHowToGetDataWhereThereIsNone) {
  open();
  panel()->facts().take(shipped_facts());
  auto* empty = panel()->findChild<EmptyState*>();
  bool said = false;
  for (const QLabel* label : empty->findChildren<QLabel*>())
    said = said || label->text().contains("`lealab data import NAME FILE`");
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace lea::gui
