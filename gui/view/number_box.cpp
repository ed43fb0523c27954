#include "gui/view/number_box.h"

#include <QLineEdit>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

namespace lea::gui {
namespace {

class WheelGuard : public QObject {
 public:
  using QObject::QObject;

 protected:
  bool eventFilter(QObject* object, QEvent* event) override {
    auto* widget = static_cast<QWidget*>(object);
    if (event->type() != QEvent::Wheel || widget->hasFocus()) return false;
    event->ignore();
    return true;
  }
};

// The size of a step from a real number: one of its first digit.
double step_of(double value, bool towards_zero) {
  if (value == 0) return 0.1;
  double step = std::pow(10, std::floor(std::log10(std::fabs(value)) + 1e-9));
  if (towards_zero && std::fabs(value) < step * 1.5) step /= 10;
  return step;
}

}  // namespace

void keep_from_wheel(QWidget* widget) {
  widget->setFocusPolicy(Qt::StrongFocus);
  widget->installEventFilter(new WheelGuard(widget));
}

NumberBox::NumberBox(const ParamInfo& info, QWidget* parent)
    : QAbstractSpinBox(parent), info_(info) {
  setKeyboardTracking(false);
  keep_from_wheel(this);
  connect(this, &QAbstractSpinBox::editingFinished, this, &NumberBox::commit);
}

QString NumberBox::text() const { return lineEdit()->text().trimmed(); }

void NumberBox::set_text(const QString& text) {
  if (lineEdit()->isModified() || (text == shown_ && text == lineEdit()->text())) return;
  shown_ = text;
  lineEdit()->setText(text);
}

void NumberBox::commit() {
  if (text() == shown_) return;
  shown_ = text();
  lineEdit()->setModified(false);
  Q_EMIT committed(shown_);
}

void NumberBox::stepBy(int steps) {
  double value = text().toDouble();
  const bool real = info_.type == ParamType::kReal;
  for (int i = 0; i < std::abs(steps); ++i) {
    const double sign = steps > 0 ? 1 : -1;
    value += sign * (real ? step_of(value, value * sign < 0) : 1);
  }
  value = std::clamp(value, info_.range.min, info_.range.max);
  lineEdit()->setText(QString::number(value, 'g', real ? 6 : 17));
  commit();
}

QAbstractSpinBox::StepEnabled NumberBox::stepEnabled() const {
  bool is_number = false;
  const double value = text().toDouble(&is_number);
  if (!is_number) return StepNone;
  StepEnabled enabled = StepNone;
  if (value < info_.range.max) enabled |= StepUpEnabled;
  if (value > info_.range.min) enabled |= StepDownEnabled;
  return enabled;
}

}  // namespace lea::gui
