// What this program is, and its licences.
#pragma once

#include <QDialog>

namespace lea::gui {

class About : public QDialog {
  Q_OBJECT

 public:
  explicit About(QWidget* parent);
};

}  // namespace lea::gui
