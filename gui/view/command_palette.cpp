#include "gui/view/command_palette.h"

#include <QKeyEvent>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

namespace lea::gui {
namespace {

constexpr int kWidth = 560, kHeight = 380;

}  // namespace

CommandPalette::CommandPalette(const ActionList& actions, QWidget* window)
    : QFrame(window, Qt::Popup),
      actions_(actions),
      typed_(new QLineEdit(this)),
      list_(new QListWidget(this)) {
  setFrameShape(QFrame::StyledPanel);
  setAccessibleName("Commands");
  typed_->setPlaceholderText("What do you want to do?");
  typed_->setAccessibleName("Search for a command");
  typed_->installEventFilter(this);
  list_->setAccessibleName("Commands");
  list_->setUniformItemSizes(true);
  list_->setFocusPolicy(Qt::NoFocus);
  auto* column = new QVBoxLayout(this);
  column->addWidget(typed_);
  column->addWidget(list_);
  connect(typed_, &QLineEdit::textChanged, this, &CommandPalette::fill);
  connect(typed_, &QLineEdit::returnPressed, this, &CommandPalette::run);
  connect(list_, &QListWidget::itemClicked, this, &CommandPalette::run);
}

void CommandPalette::open() {
  const QSize window = parentWidget()->size();
  resize(std::min(kWidth, window.width() - 40), std::min(kHeight, window.height() - 80));
  move(parentWidget()->mapToGlobal(QPoint((window.width() - width()) / 2, 40)));
  typed_->clear();
  fill();
  show();
  typed_->setFocus();
}

void CommandPalette::fill() {
  list_->clear();
  for (QAction* action : actions_.matching(typed_->text())) {
    QString text = action->text().remove('&');
    const QString shortcut = action->shortcut().toString(QKeySequence::NativeText);
    auto* item = new QListWidgetItem(shortcut.isEmpty() ? text : text + "    " + shortcut, list_);
    item->setData(Qt::UserRole, QVariant::fromValue<QObject*>(action));
    if (!action->toolTip().isEmpty()) item->setToolTip(action->toolTip());
  }
  list_->setCurrentRow(0);
}

void CommandPalette::run() {
  const QListWidgetItem* item = list_->currentItem();
  if (item == nullptr) return;
  auto* action = qobject_cast<QAction*>(item->data(Qt::UserRole).value<QObject*>());
  hide();
  // After the popup has gone, so that what the action opens gets the focus.
  QTimer::singleShot(0, action, &QAction::trigger);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    const int step = key == Qt::Key_Down       ? 1
                     : key == Qt::Key_Up       ? -1
                     : key == Qt::Key_PageDown ? 8
                     : key == Qt::Key_PageUp   ? -8
                                               : 0;
    if (step != 0 && list_->count() > 0) {
      list_->setCurrentRow(std::clamp(list_->currentRow() + step, 0, list_->count() - 1));
      return true;
    }
  }
  return QFrame::eventFilter(watched, event);
}

}  // namespace lea::gui
