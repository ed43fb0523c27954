#include "gui/view/about.h"

#include <QDialogButtonBox>
#include <QVBoxLayout>

#include "gui/view/empty_state.h"

namespace lea::gui {

About::About(QWidget* parent) : QDialog(parent) {
  setWindowTitle("About LEA Lab");
  auto* text = plain_label(
      "LEA Lab " LEA_VERSION
      "\n\nExperiments with recommenders that learn by reinforcement from logged interactions.\n\n"
      "This program, lealab-gui, is under the GNU General Public License, version 3, because it "
      "links QCustomPlot and QScintilla. All other parts of LEA Lab are under the Apache License, "
      "version 2.0. It uses Qt " QT_VERSION_STR ".",
      this);
  text->setWordWrap(true);
  text->setMinimumWidth(420);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* column = new QVBoxLayout(this);
  column->addWidget(text);
  column->addWidget(buttons);
}

}  // namespace lea::gui
