// The list of all actions that can be done now (Ctrl+K).
#pragma once

#include <QFrame>
#include <QLineEdit>
#include <QListWidget>

#include "gui/model/action_list.h"

namespace lea::gui {

class CommandPalette : public QFrame {
  Q_OBJECT

 public:
  CommandPalette(const ActionList& actions, QWidget* window);

  void open();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void run();

  const ActionList& actions_;
  QLineEdit* typed_;
  QListWidget* list_;
};

}  // namespace lea::gui
