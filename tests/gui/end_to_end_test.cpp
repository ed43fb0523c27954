// The window as a person uses it, from a fresh lab to results, on an X server, with keys and clicks. The
// programs are the real ones: the window starts `lealab`, which starts `lealab-worker`.
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QStyleFactory>
#include <QTest>

#include "core/base/files.h"
#include "gui/view/main_window.h"
#include "gui/view/runs_page.h"
#include "tests/cli/lab_command.h"

namespace lea::gui {
namespace {

using testing::HasSubstr;

constexpr int kGridMilliseconds = 240000;

// All that main() of gui/app makes.
struct Program {
  explicit Program(const std::string& folder)
      : settings(QString::fromStdString(folder + "/window.ini"), QSettings::IniFormat),
        window({messages, lab, actions, navigator, launcher}, page_entries(), settings) {
    window.show();
    QApplication::setActiveWindow(&window);
  }

  Messages messages;
  LabModel lab{messages};
  Launcher launcher{lab};
  ActionList actions;
  Navigator navigator;
  QSettings settings;
  MainWindow window;
};

class EndToEnd : public LabCommand {
 protected:
  EndToEnd() {
    setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
    setenv("XDG_DATA_HOME", path("data").c_str(), 1);
    setenv("XDG_CONFIG_HOME", path("config").c_str(), 1);
  }
  ~EndToEnd() override {
    program_.reset();
    lealab({"stop"});  // what a failed step has left
  }

  RunsPage* runs() { return static_cast<RunsPage*>(program_->window.page("runs")); }
  QWidget* page(const QString& id) { return program_->window.page(id); }
  // The messages of the bar, for a step that fails.
  std::string said() const {
    std::string said;
    for (const Message& message : program_->messages.current())
      said += message.text.toStdString() + "\n";
    return said;
  }
  template <class Condition>
  bool wait(const Condition& condition, int milliseconds = 10000) {
    return QTest::qWaitFor(condition, milliseconds);
  }
  void press(int key, Qt::KeyboardModifiers modifiers = {}) {
    QTest::keyClick(program_->window.windowHandle(), static_cast<Qt::Key>(key), modifiers);
  }
  void click(QWidget* widget) { QTest::mouseClick(widget, Qt::LeftButton); }
  void paste(QWidget* into, const std::string& text) {
    QApplication::clipboard()->setText(QString::fromStdString(text));
    into->setFocus();
    QTest::keyClick(into, Qt::Key_V, Qt::ControlModifier);
  }
  // The control of a page with this accessible name.
  QWidget* named(const QString& id, const QString& name) {
    for (QWidget* widget : page(id)->findChildren<QWidget*>()) {
      if (widget->accessibleName() == name) return widget;
    }
    return nullptr;
  }
  // Types a path into the file dialog that the next keys open.
  void answer_file_dialog(const std::string& file) {
    auto* timer = new QTimer(&program_->window);
    QObject::connect(timer, &QTimer::timeout, timer, [timer, file] {
      auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
      auto* name = dialog == nullptr ? nullptr : dialog->findChild<QLineEdit*>("fileNameEdit");
      if (name == nullptr) return;
      timer->stop();
      timer->deleteLater();
      name->selectAll();
      QTest::keyClicks(name, QString::fromStdString(file));
      QTest::keyClick(name, Qt::Key_Return);
    });
    timer->start(50);
  }

  void start();
  void make_the_lab();
  void write_the_spec();
  void launch_it();
  void see_it_finish();
  void look_at_a_run();
  void list_and_export_runs();
  void quit();
  void open_again();

  std::unique_ptr<Program> program_;
};

void EndToEnd::start() {
  program_ = std::make_unique<Program>(folder_);
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&program_->window));
  program_->lab.open(path("lab"));
}

// The window says what to do without a lab.
void EndToEnd::make_the_lab() {
  ASSERT_FALSE(program_->lab.is_open());
  for (QPushButton* button : page("runs")->findChildren<QPushButton*>()) {
    if (button->isVisible() && button->text() == "Make a lab here") click(button);
  }
  ASSERT_TRUE(program_->lab.is_open()) << said();
}

void EndToEnd::write_the_spec() {
  press(Qt::Key_1, Qt::ControlModifier);
  ASSERT_TRUE(wait([&] { return !page("experiment")->visibleRegion().isEmpty(); }));
  QWidget* text = named("experiment", "Text of the spec");
  ASSERT_NE(text, nullptr);
  paste(text, R"(name: few
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: 40, validate_every: 10}
backbone: gru4rec
grid: {framework: [supervised, snqn]}
seeds: [1, 2]
)");
  answer_file_dialog(path("few.yaml"));
  press(Qt::Key_S, Qt::ControlModifier);
  ASSERT_TRUE(wait([&] { return std::filesystem::exists(path("few.yaml")); })) << said();
  EXPECT_THAT(read_file(path("few.yaml")), HasSubstr("seeds: [1, 2]"));
}

void EndToEnd::launch_it() {
  press(Qt::Key_Return, Qt::ControlModifier);
  ASSERT_TRUE(wait([&] { return !runs()->grid().empty(); }, kGridMilliseconds)) << said();
  EXPECT_TRUE(wait([&] { return !runs()->visibleRegion().isEmpty(); })) << "it leads to the runs";
  EXPECT_EQ(runs()->grid().header().tasks.size(), 4u);
}

void EndToEnd::see_it_finish() {
  ASSERT_TRUE(wait([&] { return runs()->grid().progress().count(lab::TaskState::kFinished) == 4; },
                   kGridMilliseconds))
      << said();
  ASSERT_TRUE(wait([&] { return !runs()->grid().summary().live; }, kGridMilliseconds));
}

void EndToEnd::look_at_a_run() {
  auto* map = runs()->findChild<HeatMap*>();
  QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, map->square_of(3).center());
  EXPECT_EQ(map->current(), 3u);
  const auto selected = runs()->tasks_pane()->selected_rows();
  ASSERT_EQ(selected.size(), 1u);
  EXPECT_EQ(selected[0], 3);
}

void EndToEnd::list_and_export_runs() {
  QListView* grids = runs()->grids_view();
  QTest::mouseClick(grids->viewport(), Qt::LeftButton, {},
                    grids->visualRect(grids->model()->index(0, 0)).center());
  TablePane* pane = runs()->runs_pane();
  const QAbstractItemModel* model = pane->view()->model();
  ASSERT_TRUE(wait([&] { return pane->isVisible() && model->rowCount() == 4; })) << said();
  QTest::mouseClick(pane->expression(), Qt::LeftButton);
  QTest::keyClicks(pane->expression(), "framework=snqn");
  ASSERT_TRUE(wait([&] { return model->rowCount() == 2; }));
  pane->copy("csv", /*all=*/true);
  ASSERT_TRUE(wait([&] { return QApplication::clipboard()->text().count('\n') == 3; }));
  EXPECT_THAT(QApplication::clipboard()->text().toStdString(), HasSubstr(",snqn,"));
}

void EndToEnd::quit() {
  press(Qt::Key_Q, Qt::ControlModifier);
  ASSERT_TRUE(wait([&] { return !program_->window.isVisible(); }));
  program_.reset();
}

// The window shows the lab, the grid and the spec that it showed.
void EndToEnd::open_again() {
  start();
  ASSERT_TRUE(program_->lab.is_open());
  ASSERT_TRUE(wait([&] { return runs()->runs_pane()->view()->model()->rowCount() == 4; }));
  ASSERT_TRUE(wait([&] { return program_->lab.grids().size() == 1; }));
  EXPECT_EQ(program_->lab.grids()[0].finished, 4u);
  EXPECT_EQ(program_->messages.current().size(), 0u) << said();
  quit();
}

TEST_F(EndToEnd, FromAFreshLabToResultsAndBackAgain) {
  start();
  ASSERT_NO_FATAL_FAILURE(make_the_lab());
  ASSERT_NO_FATAL_FAILURE(write_the_spec());
  ASSERT_NO_FATAL_FAILURE(launch_it());
  ASSERT_NO_FATAL_FAILURE(see_it_finish());
  ASSERT_NO_FATAL_FAILURE(look_at_a_run());
  ASSERT_NO_FATAL_FAILURE(list_and_export_runs());
  ASSERT_NO_FATAL_FAILURE(quit());
  ASSERT_NO_FATAL_FAILURE(open_again());
}

}  // namespace
}  // namespace lea::gui

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  // The dialogs of a desktop are out of reach of a test.
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  QApplication::setQuitOnLastWindowClosed(false);
  return RUN_ALL_TESTS();
}
