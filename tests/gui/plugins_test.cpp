// The manager of plugins with real plugins, good and bad, and the real worker.
#include <sys/stat.h>

#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>
#include <QTest>
#include <fstream>

#include "core/base/files.h"
#include "gui/view/main_window.h"
#include "gui/view/plugins_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

namespace fs = std::filesystem;
using Stage = PluginDrop::Stage;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Plugins : public testing::Test {
 protected:
  Plugins() {
    setenv("XDG_DATA_HOME", folder_.file("data").c_str(), 1);
    setenv("XDG_CONFIG_HOME", folder_.file("config").c_str(), 1);
    setenv("XDG_CACHE_HOME", folder_.file("cache").c_str(), 1);
    fs::create_directories(folder_.file("named"));
    lab_.plugin_dirs = {folder_.file("named")};
    lab_.open(folder_.path());
  }
  ~Plugins() override {
    window_.reset();
    for (const char* name : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}) unsetenv(name);
  }

  static std::string built(const std::string& name) {
    return std::string(LEA_BAD_PLUGINS) + "/bad_" + name + ".so";
  }
  // A plugin file of the user, who has built it somewhere.
  QString file(const std::string& name, const std::string& as) {
    fs::copy_file(built(name), folder_.file(as), fs::copy_options::overwrite_existing);
    return QString::fromStdString(folder_.file(as));
  }
  std::string installed(const std::string& name) const {
    return folder_.file("data/lealab/plugins/" + name);
  }
  void open() {
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    window_->show_page("plugins");
    ASSERT_TRUE(wait_until([&] { return view()->plugins().was_listed(); }));
  }
  PluginsView* view() { return static_cast<PluginsPage*>(window_->page("plugins"))->plugins(); }
  PluginTable& plugins() { return view()->plugins(); }
  PluginDrop& dropped() { return view()->dropped(); }
  QModelIndex row(int number) { return dropped().index(number, 0); }
  std::string answer(int number) { return dropped().answer(row(number)).toStdString(); }
  // Gives files to the window and waits for the answers.
  void drop(const QStringList& files) {
    Q_EMIT navigator_.plugin_files(files);
    ASSERT_TRUE(wait_long([&] { return !dropped().is_working(); }));
  }
  // A worker that loads LibTorch may take longer than wait_until does.
  static bool wait_long(const std::function<bool()>& is_so) {
    for (int i = 0; i < 12; ++i) {
      if (wait_until(is_so)) return true;
    }
    return false;
  }
  void install(int number) {
    view()->drop_pane()->view()->selectRow(number);
    ASSERT_TRUE(actions_.action("plugins.install")->isEnabled());
    actions_.action("plugins.install")->trigger();
    ASSERT_TRUE(wait_long([&] { return !dropped().is_working() && !plugins().is_listing(); }));
  }
  std::vector<std::string> states() {
    std::vector<std::string> states;
    for (const lab::PluginRecord& record : plugins().records())
      states.push_back(fs::path(record.file).filename().string() + " " + to_string(record.state));
    return states;
  }

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

TEST_F(Plugins, ADroppedOneIsShownAndInstalledOnlyOnConsent) {
  open();
  EXPECT_TRUE(view()->findChild<EmptyState*>()->isVisible()) << "no plugin is there yet";
  QSignalSpy changed(&lab_, &LabModel::plugins_changed);
  drop({file("added_number", "mine.so")});
  ASSERT_EQ(dropped().stage(row(0)), Stage::kProbed) << answer(0);
  EXPECT_FALSE(fs::exists(installed("mine.so")));
  const std::string facts = view()->facts()->facts()->toPlainText().toStdString();
  EXPECT_THAT(facts, AllOf(HasSubstr("Registers  backbone test.bad"), HasSubstr("Vendor  test"),
                           HasSubstr("Replaces  nothing"), HasSubstr("SHA-256  "),
                           HasSubstr("Installs as  " + installed("mine.so"))));
  EXPECT_EQ(changed.count(), 0);
  install(0);
  EXPECT_EQ(dropped().stage(row(0)), Stage::kInstalled) << answer(0);
  EXPECT_TRUE(fs::exists(installed("mine.so")));
  EXPECT_THAT(states(), ElementsAre("mine.so enabled"));
  EXPECT_EQ(changed.count(), 1) << "the form and the completions learn of it";
  EXPECT_TRUE(messages_.current().empty());
}

TEST_F(Plugins, ABrokenOneSaysWhyAndLeavesNothing) {
  open();
  drop({file("call_crashes", "crash.so"), file("api", "old.so"), file("no_manifest", "none.so")});
  EXPECT_THAT(answer(0), HasSubstr("crashed in test.bad at encode() (SIGSEGV)"));
  EXPECT_THAT(answer(1), AllOf(StartsWith(folder_.file("old.so")), HasSubstr("plugin API")));
  EXPECT_THAT(answer(2), HasSubstr("not a LEA Lab plugin"));
  for (const auto& entry : fs::directory_iterator(folder_.file("data/lealab/plugins")))
    ADD_FAILURE() << entry.path();
  ASSERT_EQ(messages_.current().size(), 1u);
  EXPECT_THAT(messages_.current()[0].text.toStdString(),
              HasSubstr("3 files cannot be installed: crash.so, old.so, none.so."));
  view()->drop_pane()->view()->selectRow(0);
  EXPECT_FALSE(actions_.action("plugins.install")->isEnabled());
  EXPECT_EQ(view()->facts()->problem()->toPlainText().toStdString(), answer(0));
  QTest::mouseClick(view()->facts()->copy(), Qt::LeftButton);
  EXPECT_EQ(QApplication::clipboard()->text().toStdString(), answer(0));
}

TEST_F(Plugins, OneThatHangsIsStoppedAfterTheLimitAndCanBeSkipped) {
  open();
  dropped().set_probe_seconds(4);
  drop({file("constructor_hangs", "slow.so")});
  EXPECT_THAT(answer(0), HasSubstr("hung while loading (stopped after 4 s)"));
  dropped().set_probe_seconds(600);
  Q_EMIT navigator_.plugin_files({file("call_hangs", "hang.so"), file("nothing", "good.so")});
  ASSERT_TRUE(wait_long([&] { return dropped().stage(row(2)) == Stage::kProbed; }))
      << "one that hangs does not stop the others";
  ASSERT_TRUE(wait_long([&] { return dropped().stage(row(1)) == Stage::kCompatible; }));
  view()->drop_pane()->view()->selectRow(1);
  actions_.action("plugins.skip")->trigger();
  EXPECT_EQ(dropped().stage(row(1)), Stage::kSkipped);
  EXPECT_FALSE(dropped().is_working());
}

TEST_F(Plugins, TheSameFileTwiceIsInstalledOnce) {
  open();
  drop({file("nothing", "a.so"), file("nothing", "b.so")});
  const bool first = dropped().stage(row(0)) == Stage::kProbed;
  EXPECT_THAT(answer(first ? 1 : 0), HasSubstr("the same file as "));
  install(first ? 0 : 1);
  drop({file("nothing", "again.so")});
  EXPECT_THAT(answer(2), HasSubstr("this very file is in use already"));
}

TEST_F(Plugins, AnotherVersionReplacesTheOneBefore) {
  open();
  drop({file("nothing", "mine.so")});
  install(0);
  drop({file("prints", "newer.so")});
  ASSERT_EQ(dropped().stage(row(1)), Stage::kProbed) << answer(1);
  EXPECT_THAT(answer(1), HasSubstr("replaces backbone test.bad"));
  install(1);
  EXPECT_THAT(states(), ElementsAre("newer.so enabled"));
}

TEST_F(Plugins, ATakenIdIsNotInstalledBesideTheOtherUntilThatIsDisabled) {
  fs::copy_file(built("nothing"), folder_.file("named/there.so"));
  open();
  drop({file("prints", "mine.so")});
  EXPECT_THAT(answer(0), AllOf(HasSubstr("backbone test.bad is also in"),
                               HasSubstr("Disable that file first")));
  view()->pane()->view()->selectRow(0);
  actions_.action("plugins.disable")->trigger();
  ASSERT_TRUE(wait_long([&] { return states() == std::vector<std::string>{"there.so disabled"}; }));
  drop({file("prints", "mine.so")});
  install(0);
  EXPECT_THAT(states(), ElementsAre("mine.so enabled", "there.so disabled"));
  view()->pane()->view()->selectRow(1);
  EXPECT_FALSE(actions_.action("plugins.remove")->isEnabled()) << "it is in a named folder";
  actions_.action("plugins.enable")->trigger();
  ASSERT_TRUE(wait_long([&] {
    return states() == std::vector<std::string>{"mine.so conflict", "there.so conflict"};
  }));
}

TEST_F(Plugins, OneIsRemovedOnConsentInThePage) {
  open();
  drop({file("nothing", "mine.so")});
  install(0);
  view()->pane()->view()->selectRow(0);
  actions_.action("plugins.remove")->trigger();
  ASSERT_TRUE(view()->consent()->isVisible());
  EXPECT_TRUE(fs::exists(installed("mine.so")));
  QTest::mouseClick(view()->consent()->yes(), Qt::LeftButton);
  EXPECT_TRUE(wait_long([&] { return plugins().records().empty(); }));
  EXPECT_FALSE(fs::exists(installed("mine.so")));
}

TEST_F(Plugins, AreListedWithFactsParametersAndErrors) {
  fs::copy_file(built("added_number"), folder_.file("named/good.so"));
  fs::copy_file(built("call_throws"), folder_.file("named/throws.so"));
  open();
  ASSERT_TRUE(wait_long([&] { return plugins().rowCount() == 2; }));
  const auto cell = [&](int row, const char* field) {
    return plugins().index(row, plugins().column_of(field)).data().toString().toStdString();
  };
  EXPECT_EQ(cell(0, "state"), "enabled");
  EXPECT_EQ(cell(0, "id"), "test.bad");
  EXPECT_EQ(cell(0, "kind"), "backbone");
  EXPECT_EQ(cell(0, "trust"), "--plugin-dir");
  EXPECT_THAT(cell(0, "built_with"), HasSubstr("LibTorch"));
  EXPECT_NE(cell(0, "api"), "");
  EXPECT_EQ(cell(0, "sha256").size(), 12u);
  EXPECT_EQ(cell(1, "state"), "failed");
  EXPECT_EQ(cell(1, "id"), "test.bad") << "from its manifest";
  EXPECT_THAT(cell(1, "error"), HasSubstr("test.bad at encode() threw: thrown by encode"));
  view()->pane()->view()->selectRow(0);
  const auto* params = view()->findChild<TablePane*>(QString())->view();
  for (TablePane* pane : view()->findChildren<TablePane*>()) {
    if (pane->view()->accessibleName() == "Parameters") params = pane->view();
  }
  ASSERT_EQ(params->model()->rowCount(), 1);
  EXPECT_EQ(params->model()->index(0, 0).data().toString(), "number");
  EXPECT_EQ(params->model()->index(0, 3).data().toString(), "0 to 9");
  actions_.action("plugins.copy_command")->trigger();
  EXPECT_EQ(QApplication::clipboard()->text().toStdString(),
            "lealab --plugin-dir " + folder_.file("named") + " plugins show test.bad");
  view()->pane()->view()->selectRow(1);
  EXPECT_THAT(view()->facts()->problem()->toPlainText().toStdString(),
              HasSubstr("thrown by encode"));
}

TEST_F(Plugins, AreTestedAgainOnDemand) {
  fs::copy_file(built("nothing"), folder_.file("named/good.so"));
  open();
  view()->pane()->view()->selectRow(0);
  actions_.action("plugins.self_test")->trigger();
  ASSERT_TRUE(wait_long([&] { return !messages_.current().empty(); }));
  EXPECT_THAT(messages_.current()[0].text.toStdString(), HasSubstr("passed its self-test"));
}

TEST_F(Plugins, OneThatComesByAnotherWayIsNoticed) {
  open();
  QSignalSpy changed(&lab_, &LabModel::plugins_changed);
  fs::copy_file(built("nothing"), folder_.file("named/new.so"));
  EXPECT_TRUE(wait_long([&] { return states() == std::vector<std::string>{"new.so enabled"}; }));
  EXPECT_GE(changed.count(), 1);
}

TEST_F(Plugins, AreLeftInPeaceWhenTheWindowIsClosedDuringAProbe) {
  open();
  Q_EMIT navigator_.plugin_files({file("call_hangs", "hang.so")});
  ASSERT_TRUE(wait_long([&] { return dropped().stage(row(0)) == Stage::kCompatible; }));
  QElapsedTimer timer;
  timer.start();
  window_.reset();
  EXPECT_LT(timer.elapsed(), 5000) << "the probe is ended";
  for (const auto& entry : fs::directory_iterator(folder_.file("data/lealab/plugins")))
    ADD_FAILURE() << entry.path() << " was left";
}

}  // namespace
}  // namespace lea::gui
