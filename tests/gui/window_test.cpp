// The window as a person uses it, with keys and clicks, without a display.
#include <signal.h>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QComboBox>
#include <QTest>
#include <cmath>
#include <fstream>
#include <regex>

#include "gui/model/settings.h"
#include "gui/view/main_window.h"
#include "gui/view/runs_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::HasSubstr;
using Kind = run::GridEvent::Kind;

class Window : public testing::Test {
 protected:
  void open(const std::string& lab) {
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    lab_.open(lab);
  }
  RunsPage* runs() { return static_cast<RunsPage*>(window_->page("runs")); }
  // Settings are of the test alone, and none is found in the home folder.
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

TEST_F(Window, SaysWhatToDoWithoutALabAndMakesOne) {
  const std::string path = folder_.file("new lab");
  open(path);
  EXPECT_FALSE(lab_.is_open());
  auto* state = runs()->findChild<EmptyState*>();
  ASSERT_TRUE(state->isVisible());
  for (QPushButton* button : state->findChildren<QPushButton*>()) {
    if (button->text() != "Make a lab here") continue;
    // A click lands on what has its place already.
    ASSERT_TRUE(wait_until([&] { return !button->visibleRegion().isEmpty(); }));
    QTest::mouseClick(button, Qt::LeftButton);
    break;
  }
  EXPECT_TRUE(lab_.is_open());
  EXPECT_TRUE(std::filesystem::is_directory(path + "/runs"));
  EXPECT_TRUE(state->isVisible()) << "it now says how to get runs";
}

TEST_F(Window, ShowsTheGridThatWorksAndItsFailures) {
  run::LiveGrid grid(folder_.path(), small_grid("<b>bold</b>"));
  open(folder_.path());
  ASSERT_TRUE(wait_until([&] { return !runs()->grid().empty(); }));
  run::append_event(grid.folder(), {Kind::kFailed, 2, "", "why <i>not</i>"});
  ASSERT_TRUE(
      wait_until([&] { return runs()->grid().progress().count(lab::TaskState::kFailed) == 1; }));
  QTabWidget* details = runs()->findChild<QTabWidget*>();
  EXPECT_EQ(details->tabText(2), "Errors (1)");
  for (const QLabel* label : runs()->findChildren<QLabel*>())
    EXPECT_EQ(label->textFormat(), Qt::PlainText) << label->text().toStdString();
}

TEST_F(Window, ChoosesARunInTheMapWithKeysAndInTheTable) {
  run::LiveGrid grid(folder_.path(), small_grid());
  open(folder_.path());
  ASSERT_TRUE(wait_until([&] { return !runs()->grid().empty(); }));
  auto* map = runs()->findChild<HeatMap*>();
  map->setFocus();
  QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, map->square_of(1).center());
  EXPECT_EQ(map->current(), 1u);
  QTest::keyClick(map, Qt::Key_Right);
  EXPECT_EQ(map->current(), 2u);
  QTest::keyClick(map, Qt::Key_Down);
  EXPECT_EQ(map->current(), 4u);
  const auto rows = runs()->tasks_pane()->selected_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0], 4) << "after the artefact, in the order of the cells";
  runs()->tasks_pane()->view()->selectRow(3);
  EXPECT_EQ(map->current(), 3u);
}

TEST_F(Window, SendsARequestThroughTheFolderOfTheGrid) {
  run::LiveGrid grid(folder_.path(), small_grid());
  open(folder_.path());
  QAction* skip = actions_.action("runs.skip_waiting");
  ASSERT_TRUE(wait_until([&] { return skip->isEnabled(); }));
  EXPECT_FALSE(actions_.action("runs.retry_failed")->isEnabled()) << "nothing has failed";
  // The grid is this process, which would be ended by the signal that wakes a grid.
  ::signal(SIGUSR1, SIG_IGN);
  skip->trigger();
  std::vector<run::TakenRequest> taken;
  ASSERT_TRUE(wait_until([&] {
    taken = run::take_requests(grid.folder());
    return !taken.empty();
  }));
  ASSERT_TRUE(taken[0].request);
  EXPECT_EQ(taken[0].request->action, run::Request::Action::kSkip);
  run::GridEvent answer{Kind::kRequest, 0, taken[0].name, "skip: 3 runs that had not begun"};
  run::append_event(grid.folder(), answer);
  EXPECT_TRUE(wait_until([&] {
    const std::vector<Message>& said = messages_.current();
    return std::any_of(said.begin(), said.end(), [](const Message& message) {
      return message.text == "skip: 3 runs that had not begun";
    });
  }));
  ::signal(SIGUSR1, SIG_DFL);
}

TEST_F(Window, FiltersAllRunsByTheExpressionAndBelowAHeader) {
  folder_.import_runs();
  open(folder_.path());
  TablePane* pane = runs()->runs_pane();
  const QAbstractItemModel* model = pane->view()->model();
  ASSERT_TRUE(wait_until([&] { return model->rowCount() == 6; }));
  QTest::keyClicks(pane->expression(), "seed<3");
  ASSERT_TRUE(wait_until([&] { return model->rowCount() < 6; }));
  pane->expression()->clear();
  ASSERT_TRUE(wait_until([&] { return model->rowCount() == 6; }));
  QTest::keyClicks(pane->header()->line(3), "snq");  // the framework
  ASSERT_TRUE(wait_until([&] { return model->rowCount() < 6; }));
  for (int row = 0; row < model->rowCount(); ++row)
    EXPECT_EQ(model->index(row, 3).data().toString(), "snqn");
}

TEST_F(Window, RunsACommandFromThePalette) {
  open(folder_.path());
  QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
  CommandPalette* palette = window_->palette_list();
  ASSERT_TRUE(palette->isVisible());
  auto* typed = palette->findChild<QLineEdit*>();
  QTest::keyClicks(typed, "page experiment");
  QTest::keyClick(typed, Qt::Key_Return);
  EXPECT_FALSE(palette->isVisible());
  EXPECT_TRUE(wait_until([&] { return !window_->page("experiment")->visibleRegion().isEmpty(); }));
}

TEST_F(Window, ShowsMessagesAsPlainTextInOneBar) {
  open(folder_.path());
  auto* bar = window_->findChild<MessageBar*>();
  EXPECT_FALSE(bar->isVisible());
  messages_.error("a", "<b>bold</b>");
  messages_.error("b", "another");
  ASSERT_TRUE(bar->isVisible());
  QTest::mouseClick(bar->findChildren<QToolButton*>()[0], Qt::LeftButton);  // the earlier one
  bool found = false;
  for (const QLabel* label : bar->findChildren<QLabel*>())
    found |= label->text() == "<b>bold</b>" && label->textFormat() == Qt::PlainText;
  EXPECT_TRUE(found);
}

TEST_F(Window, KeepsItsLayoutAsTextInAStableOrder) {
  open(folder_.path());
  window_->show_page("experiment");
  QCoreApplication::processEvents();
  actions_.action("window.theme_dark")->trigger();
  window_->close();
  const auto text = [&] {
    std::ifstream file(folder_.file("window.ini"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = text();
  EXPECT_THAT(first, HasSubstr("theme=dark"));
  EXPECT_THAT(first, HasSubstr("page=experiment"));
  window_.reset();
  const auto opened_again = [&] {
    ActionList actions;
    const Context context{messages_, lab_, actions, navigator_, launcher_};
    MainWindow again(context, page_entries(), settings_);
    again.show();
    EXPECT_EQ(again.theme(), Theme::kDark);
    EXPECT_TRUE(wait_until([&] { return !again.page("experiment")->visibleRegion().isEmpty(); }));
    again.close();
    return text();
  };
  // The page that was in front first has a size that it does not get again, and the display places the
  // second window by its frame.
  const auto without_sizes = [](const std::string& text) {
    return std::regex_replace(text, std::regex("(docks|geometry)=[^\n]*"), "$1");
  };
  const std::string second = opened_again();
  EXPECT_EQ(without_sizes(second), without_sizes(first));
  EXPECT_EQ(opened_again(), second);
}

// Whether somebody who cannot see the control can tell what it is.
bool is_named(const QWidget* widget) {
  if (!widget->accessibleName().isEmpty()) return true;
  if (const auto* button = qobject_cast<const QAbstractButton*>(widget))
    return !button->text().isEmpty();
  return false;
}

TEST_F(Window, NamesEveryControl) {
  run::LiveGrid grid(folder_.path(), small_grid());
  open(folder_.path());
  ASSERT_TRUE(wait_until([&] { return !runs()->grid().empty(); }));
  for (const QWidget* widget : window_->findChildren<QWidget*>()) {
    const bool control = widget->inherits("QAbstractButton") || widget->inherits("QLineEdit") ||
                         widget->inherits("QAbstractItemView") || widget->inherits("QComboBox") ||
                         widget->inherits("QPlainTextEdit") ||
                         widget->inherits("QAbstractScrollArea");
    // Parts that Qt itself makes: buttons of docks and tabs, the menus' scroll areas, completers.
    const bool of_qt = widget->objectName().startsWith("qt_") || widget->inherits("QTabBar") ||
                       widget->inherits("QMenu") || widget->parentWidget()->inherits("QTabBar") ||
                       widget->parentWidget()->inherits("QLineEdit") ||
                       widget->inherits("QDockWidgetTitleButton") ||
                       widget->inherits("QTableCornerButton") || widget->inherits("QScrollBar") ||
                       (widget->inherits("QHeaderView") &&
                        qobject_cast<const QHeaderView*>(widget)->orientation() == Qt::Vertical);
    if (!control || of_qt) continue;
    EXPECT_TRUE(is_named(widget)) << widget->metaObject()->className() << " in "
                                  << widget->parentWidget()->metaObject()->className();
  }
  for (const QAction* action : actions_.actions()) {
    EXPECT_FALSE(action->text().isEmpty()) << action->objectName().toStdString();
    EXPECT_FALSE(action->objectName().isEmpty());
  }
}

TEST_F(Window, HasNoTwoActionsWithTheSameShortcut) {
  open(folder_.path());
  for (const QAction* action : actions_.actions())
    EXPECT_EQ(actions_.conflict(action, action->shortcut()), nullptr)
        << action->objectName().toStdString();
}

TEST(Palettes, KeepTextReadable) {
  for (const QPalette& palette : {light_palette(), dark_palette()}) {
    for (const auto& [text, back] : {std::pair{QPalette::WindowText, QPalette::Window},
                                     {QPalette::Text, QPalette::Base},
                                     {QPalette::Text, QPalette::AlternateBase},
                                     {QPalette::ButtonText, QPalette::Button},
                                     {QPalette::HighlightedText, QPalette::Highlight},
                                     {QPalette::PlaceholderText, QPalette::Base}}) {
      // The contrast of WCAG 2.
      const auto luminance = [](const QColor& colour) {
        const auto part = [](double c) {
          return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
        };
        return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) +
               0.0722 * part(colour.blueF());
      };
      const double a = luminance(palette.color(text)), b = luminance(palette.color(back));
      EXPECT_GE((std::max(a, b) + 0.05) / (std::min(a, b) + 0.05), 4.5)
          << palette.color(text).name().toStdString() << " on "
          << palette.color(back).name().toStdString();
    }
  }
}

}  // namespace
}  // namespace lea::gui
