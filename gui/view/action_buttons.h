// Buttons for actions that stand in the command palette, too.
#pragma once

#include <QAction>
#include <QToolButton>

namespace lea::gui {

// The button shows the short text of the action, and a screen reader says the long one.
inline QToolButton* action_button(QAction* action, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setDefaultAction(action);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  button->setAccessibleName(action->text());
  return button;
}

}  // namespace lea::gui
