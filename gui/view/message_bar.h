// The one place where the window reports: the newest message, and the way to the others.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QToolButton>

#include "gui/model/messages.h"

namespace lea::gui {

class MessageBar : public QFrame {
  Q_OBJECT

 public:
  explicit MessageBar(Messages& messages, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void update();
  void step(int by);
  QPixmap sign(Severity severity) const;

  Messages& messages_;
  QLabel *sign_, *text_, *place_;
  QToolButton *earlier_, *later_, *copy_, *close_;
  size_t newest_ = 0;  // how many there were when a new one came
  int at_ = 0;
};

}  // namespace lea::gui
