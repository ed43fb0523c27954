// Files that are dropped on the window, wherever the mouse is.
#include <QDropEvent>
#include <QMimeData>
#include <QSignalSpy>
#include <QTest>
#include <QUrl>
#include <fstream>

#include "gui/view/experiment_page.h"
#include "gui/view/file_drop.h"
#include "gui/view/main_window.h"
#include "gui/view/plugins_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::HasSubstr;

class Drop : public testing::Test {
 protected:
  Drop() {
    setenv("XDG_DATA_HOME", folder_.file("data").c_str(), 1);
    setenv("XDG_CONFIG_HOME", folder_.file("config").c_str(), 1);
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    window_->show_page("experiment");
  }
  ~Drop() override {
    window_.reset();
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
  }

  // What the desktop sends while files are dragged to a widget and dropped there.
  bool drop(const QStringList& urls, QWidget* on) {
    QMimeData data;
    QList<QUrl> list;
    for (const QString& url : urls)
      list << (url.contains("://") ? QUrl(url) : QUrl::fromLocalFile(url));
    data.setUrls(list);
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(on, &enter);
    if (!enter.isAccepted()) return false;
    QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(on, &drop);
    return drop.isAccepted();
  }
  QString write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name)) << text;
    return QString::fromStdString(folder_.file(name));
  }
  ExperimentPage* experiment() { return static_cast<ExperimentPage*>(window_->page("experiment")); }
  PluginsView* plugins() { return static_cast<PluginsPage*>(window_->page("plugins"))->plugins(); }
  std::string message() const {
    std::string text;
    for (const Message& message : messages_.current()) {
      if (message.source == FileDrop::kSource) text += message.text.toStdString();
    }
    return text;
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

TEST_F(Drop, OfASpecOpensItOnThePageExperiment) {
  window_->show_page("runs");
  EXPECT_TRUE(drop({write("study.yaml", "name: dropped\n")}, window_->page("runs")->window()));
  EXPECT_TRUE(wait_until([&] { return experiment()->spec().text() == "name: dropped\n"; }));
  EXPECT_FALSE(window_->page("experiment")->visibleRegion().isEmpty());
}

TEST_F(Drop, OnTheEditorIsNoTextForIt) {
  auto* editor = experiment()->findChild<QWidget*>(QString(), Qt::FindChildrenRecursively);
  for (QWidget* widget : experiment()->findChildren<QWidget*>()) {
    if (widget->acceptDrops()) editor = widget;
  }
  ASSERT_TRUE(editor->acceptDrops());
  EXPECT_TRUE(drop({write("study.yaml", "name: dropped\n")}, editor));
  EXPECT_TRUE(wait_until([&] { return experiment()->spec().text() == "name: dropped\n"; }));
}

TEST_F(Drop, OfSeveralSpecsOpensOneAndSaysSo) {
  drop({write("a.yaml", "name: a\n"), write("b.yaml", "name: b\n")}, window_.get());
  EXPECT_EQ(message(), "b.yaml: one spec is opened at a time, and that is a.yaml.");
}

TEST_F(Drop, OfSomethingElseIsAnsweredByOneMessage) {
  drop({write("notes.txt", "x")}, window_.get());
  EXPECT_EQ(message(),
            "notes.txt: no plugin and no spec. A plugin (.so) or a spec (.yaml) can be dropped on "
            "the window.");
  drop({write("pack.tar.xz", "x")}, window_.get());
  EXPECT_THAT(message(), HasSubstr("pack.tar.xz: an archive. `lealab import"));
  std::filesystem::create_directory(folder_.file("a folder"));
  drop({QString::fromStdString(folder_.file("a folder")), write("x.bin", "")}, window_.get());
  EXPECT_EQ(message(),
            "a folder, x.bin: no plugins and no specs. A plugin (.so) or a spec (.yaml) can be "
            "dropped on the window.");
  drop({"https://example.org/x.so"}, window_.get());
  EXPECT_THAT(message(), HasSubstr("is not on this machine"));
  EXPECT_EQ(plugins()->dropped().rows(), 0u);
}

TEST_F(Drop, OfTextIsLeftToTheWidgets) {
  QMimeData data;
  data.setText("name: x");
  QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(window_.get(), &enter);
  EXPECT_FALSE(enter.isAccepted());
}

TEST_F(Drop, OfTenFilesGivesEachARowAndAnAnswer) {
  QStringList files;
  for (int i = 0; i < 7; ++i) files << write("text" + std::to_string(i) + ".so", "no library");
  std::filesystem::create_directory(folder_.file("folder.so"));
  const QString large = write("large.so", "x");
  std::filesystem::resize_file(large.toStdString(), uintmax_t{2} << 30);
  files << QString::fromStdString(folder_.file("folder.so")) << large << write("notes.txt", "x");
  QElapsedTimer timer;
  timer.start();
  ASSERT_TRUE(drop(files, window_.get()));
  EXPECT_LT(timer.elapsed(), 1000) << "nothing is read on the window's thread";
  PluginDrop& dropped = plugins()->dropped();
  EXPECT_EQ(dropped.rows(), 10u);
  EXPECT_FALSE(plugins()->visibleRegion().isEmpty());
  ASSERT_TRUE(wait_until([&] { return !dropped.is_working(); }));
  for (int row = 0; row < dropped.rowCount(); ++row) {
    const QModelIndex index = dropped.index(row, 0);
    EXPECT_EQ(dropped.stage(index), PluginDrop::Stage::kFailed);
    EXPECT_FALSE(dropped.answer(index).isEmpty());
    EXPECT_TRUE(dropped.answer(index).contains(QString::fromStdString(dropped.path(index))))
        << dropped.answer(index).toStdString();
  }
  const auto answer = [&](int row) { return dropped.answer(dropped.index(row, 0)).toStdString(); };
  EXPECT_THAT(answer(0), HasSubstr("not a shared library (no ELF header)."));
  EXPECT_THAT(answer(7), HasSubstr("is a folder. Give the .so that the build made."));
  EXPECT_THAT(answer(8), HasSubstr("has 2048 MiB; a plugin has at most 512 MiB."));
  size_t about_drops = 0;
  for (const Message& message : messages_.current())
    about_drops += message.source == PluginDrop::kSource;
  EXPECT_EQ(about_drops, 1u) << "one message in the bar";
  EXPECT_FALSE(std::filesystem::exists(folder_.file("data/lealab/plugins/text0.so")));
}

}  // namespace
}  // namespace lea::gui
