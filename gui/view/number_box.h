// A box for a number of a spec. It keeps the number as it is written, such as 1e-3; the arrows and the
// keys Up and Down change it within its range.
#pragma once

#include <QAbstractSpinBox>
#include <QString>

#include "core/spec/params.h"

namespace lea::gui {

class NumberBox : public QAbstractSpinBox {
  Q_OBJECT

 public:
  explicit NumberBox(const ParamInfo& info, QWidget* parent = nullptr);

  QString text() const;
  // Not while somebody types.
  void set_text(const QString& text);
  void stepBy(int steps) override;

 Q_SIGNALS:
  void committed(const QString& text);

 protected:
  StepEnabled stepEnabled() const override;

 private:
  void commit();

  const ParamInfo info_;
  QString shown_;
};

// Lets the wheel scroll what is around a box, unless the box has the focus: a value must not change
// because a form is scrolled.
void keep_from_wheel(QWidget* widget);

}  // namespace lea::gui
