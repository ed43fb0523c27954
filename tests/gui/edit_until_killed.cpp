// The window with somebody who types into the text of a spec until the program is killed. Prints the text
// that it begins with, then each number that was typed, as a line `# 12` of the text, and when:
//
//   {"first": "..."}
//   {"at": 1234.5, "number": 12}       seconds of the monotonic clock
//
// edit_until_killed SETTINGS LAB NUMBER      the first number
#include <QApplication>
#include <QClipboard>
#include <QStyleFactory>
#include <QTest>
#include <QTimer>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "gui/model/text.h"
#include "gui/view/main_window.h"

namespace {

using namespace lea::gui;

constexpr int kTypingMilliseconds = 100, kRestoringMilliseconds = 1000;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void print(const nlohmann::json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

QWidget* editor_of(QWidget* page) {
  for (QWidget* widget : page->findChildren<QWidget*>()) {
    if (widget->accessibleName() == "Text of the spec") return widget;
  }
  return nullptr;
}

// As a person would find out, whichever widget it is.
std::string text_of(QWidget* editor) {
  QApplication::clipboard()->clear();
  QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClick(editor, Qt::Key_C, Qt::ControlModifier);
  return to_std(QApplication::clipboard()->text());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  Messages messages;
  LabModel lab(messages);
  Launcher launcher(lab);
  ActionList actions;
  Navigator navigator;
  QSettings settings(argv[1], QSettings::IniFormat);
  MainWindow window({messages, lab, actions, navigator, launcher}, page_entries(), settings);
  window.show();
  window.show_page("experiment");
  lab.open(argv[2]);
  QWidget* editor = editor_of(window.page("experiment"));
  if (editor == nullptr) return 3;
  QTimer typing;
  int number = std::atoi(argv[3]);
  QObject::connect(&typing, &QTimer::timeout, [&] {
    QTest::keyClick(editor, Qt::Key_End, Qt::ControlModifier);
    QTest::keyClicks(editor, QString("# %1").arg(number));
    QTest::keyClick(editor, Qt::Key_Return);
    print({{"at", now()}, {"number", number}});
    ++number;
  });
  QTimer::singleShot(kRestoringMilliseconds, [&] {
    print({{"first", text_of(editor)}});
    typing.start(kTypingMilliseconds);
  });
  return QApplication::exec();
}
