// Where the user changes the keys of actions.
#pragma once

#include <QDialog>
#include <QLabel>
#include <QTableWidget>

#include "gui/model/action_list.h"

namespace lea::gui {

class ShortcutEditor : public QDialog {
  Q_OBJECT

 public:
  ShortcutEditor(ActionList& actions, QWidget* parent);

 private:
  void set(QAction* action, const QKeySequence& shortcut);

  ActionList& actions_;
  QTableWidget* table_;
  QLabel* note_;
};

}  // namespace lea::gui
