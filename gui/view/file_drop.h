// Files that are dropped anywhere on the window, whatever lies under the mouse: plugins go to the page
// of plugins, a spec to the page Experiment, and for others one message says what can be dropped.
#pragma once

#include <QDropEvent>
#include <QObject>
#include <QStringList>
#include <QWidget>

#include "gui/model/messages.h"
#include "gui/model/navigator.h"

namespace lea::gui {

class FileDrop : public QObject {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "drop";

  // `window`, its docks and its dialogs take files from now on. Everything must outlive the object.
  FileDrop(QWidget* window, Navigator& navigator, Messages& messages);

  // Takes these files, as a drop does.
  void take(const QStringList& paths);

  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  bool is_of_window(QObject* object) const;
  void drop(const QDropEvent& event);

  QWidget* window_;
  Navigator& navigator_;
  Messages& messages_;
};

}  // namespace lea::gui
