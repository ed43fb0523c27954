#include "gui/view/shortcut_editor.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QVBoxLayout>

#include "gui/view/empty_state.h"

namespace lea::gui {

ShortcutEditor::ShortcutEditor(ActionList& actions, QWidget* parent)
    : QDialog(parent),
      actions_(actions),
      table_(new QTableWidget(this)),
      note_(plain_label("Click into a line of the second column and press the keys.", this)) {
  setWindowTitle("Keyboard shortcuts");
  resize(560, 480);
  table_->setAccessibleName("Actions and their shortcuts");
  table_->setColumnCount(2);
  table_->setHorizontalHeaderLabels({"Action", "Shortcut"});
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->setColumnWidth(1, 180);
  table_->verticalHeader()->hide();
  table_->setRowCount(static_cast<int>(actions.actions().size()));
  int row = 0;
  for (QAction* action : actions.actions()) {
    auto* name = new QTableWidgetItem(action->text().remove('&'));
    name->setFlags(Qt::ItemIsEnabled);
    table_->setItem(row, 0, name);
    auto* keys = new QKeySequenceEdit(action->shortcut(), table_);
    keys->setAccessibleName("Shortcut of: " + action->text());
    connect(keys, &QKeySequenceEdit::editingFinished, this,
            [this, action, keys] { set(action, keys->keySequence()); });
    table_->setCellWidget(row++, 1, keys);
  }
  note_->setWordWrap(true);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* column = new QVBoxLayout(this);
  column->addWidget(note_);
  column->addWidget(table_, 1);
  column->addWidget(buttons);
}

void ShortcutEditor::set(QAction* action, const QKeySequence& shortcut) {
  if (const QAction* other = actions_.conflict(action, shortcut)) {
    note_->setText(shortcut.toString(QKeySequence::NativeText) + " is the shortcut of \"" +
                   other->text().remove('&') + "\" already. Take it away there first.");
    return;
  }
  actions_.set_shortcut(action, shortcut);
}

}  // namespace lea::gui
