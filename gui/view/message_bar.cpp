#include "gui/view/message_bar.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>

#include "gui/model/look.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kSign = 16;

QToolButton* tool_button(const QString& text, const QString& name, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(name);
  button->setAccessibleName(name);
  button->setAutoRaise(true);
  return button;
}

QString severity_text(Severity severity) {
  return severity == Severity::kError     ? "Error"
         : severity == Severity::kWarning ? "Warning"
                                          : "Note";
}

}  // namespace

MessageBar::MessageBar(Messages& messages, QWidget* parent)
    : QFrame(parent),
      messages_(messages),
      sign_(new QLabel(this)),
      text_(plain_label({}, this)),
      place_(plain_label({}, this)),
      earlier_(tool_button("‹", "Show the earlier message", this)),
      later_(tool_button("›", "Show the later message", this)),
      copy_(tool_button("Copy", "Copy the message", this)),
      close_(tool_button("Close", "Close the message", this)) {
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  setAccessibleName("Messages");
  text_->setWordWrap(true);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  text_->setAccessibleName("Message");
  text_->setMinimumWidth(120);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 4, 8, 4);
  row->addWidget(sign_, 0, Qt::AlignTop);
  row->addWidget(text_, 1);
  for (QWidget* widget :
       {static_cast<QWidget*>(earlier_), static_cast<QWidget*>(place_),
        static_cast<QWidget*>(later_), static_cast<QWidget*>(copy_), static_cast<QWidget*>(close_)})
    row->addWidget(widget, 0, Qt::AlignTop);
  connect(earlier_, &QToolButton::clicked, this, [this] { step(-1); });
  connect(later_, &QToolButton::clicked, this, [this] { step(1); });
  connect(copy_, &QToolButton::clicked, this,
          [this] { QApplication::clipboard()->setText(text_->text()); });
  connect(close_, &QToolButton::clicked, this, [this] {
    const auto& all = messages_.current();
    if (!all.empty()) messages_.dismiss(QString(all[static_cast<size_t>(at_)].source));
  });
  connect(&messages, &Messages::changed, this, &MessageBar::update);
  update();
}

QPixmap MessageBar::sign(Severity severity) const {
  const bool dark = is_dark(palette());
  const Look look = severity == Severity::kError     ? Look::kFailed
                    : severity == Severity::kWarning ? Look::kInterrupted
                                                     : Look::kRunning;
  const double ratio = devicePixelRatioF();
  QPixmap pixmap(QSize(kSign, kSign) * ratio);
  pixmap.setDevicePixelRatio(ratio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.fillPath(look_sign(look, QRectF(2, 2, kSign - 4, kSign - 4)), look_colour(look, dark));
  return pixmap;
}

void MessageBar::update() {
  const auto& all = messages_.current();
  setVisible(!all.empty());
  if (all.empty()) {
    newest_ = 0;
    return;
  }
  const int last = static_cast<int>(all.size()) - 1;
  if (all.size() != newest_ || at_ > last) at_ = last;
  newest_ = all.size();
  const Message& message = all[static_cast<size_t>(at_)];
  sign_->setPixmap(sign(message.severity));
  sign_->setAccessibleName(severity_text(message.severity));
  sign_->setToolTip(severity_text(message.severity) + ", " + message.at.toString("HH:mm:ss"));
  text_->setText(message.text);
  place_->setText(QString::number(at_ + 1) + "/" + QString::number(last + 1));
  for (QWidget* widget : {static_cast<QWidget*>(earlier_), static_cast<QWidget*>(place_),
                          static_cast<QWidget*>(later_)})
    widget->setVisible(last > 0);
  earlier_->setEnabled(at_ > 0);
  later_->setEnabled(at_ < last);
}

void MessageBar::step(int by) {
  at_ += by;
  update();
}

void MessageBar::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) update();
  QFrame::changeEvent(event);
}

}  // namespace lea::gui
