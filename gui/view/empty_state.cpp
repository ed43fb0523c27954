#include "gui/view/empty_state.h"

namespace lea::gui {

QLabel* plain_label(const QString& text, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setTextFormat(Qt::PlainText);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label->setText(text);
  return label;
}

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent),
      title_(plain_label({}, this)),
      advice_(plain_label({}, this)),
      buttons_(new QHBoxLayout) {
  QFont large = title_->font();
  large.setPointSizeF(large.pointSizeF() * 1.4);
  title_->setFont(large);
  title_->setAlignment(Qt::AlignHCenter);
  title_->setWordWrap(true);
  advice_->setWordWrap(true);
  advice_->setAlignment(Qt::AlignHCenter);
  advice_->setMaximumWidth(560);
  advice_->setMinimumWidth(240);
  buttons_->addStretch();
  buttons_->addStretch();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(24, 24, 24, 24);
  column->setSpacing(12);
  column->addStretch();
  column->addWidget(title_);
  auto* row = new QHBoxLayout;
  row->addStretch();
  row->addWidget(advice_, 1);
  row->addStretch();
  column->addLayout(row);
  column->addLayout(buttons_);
  column->addStretch();
}

void EmptyState::set_text(const QString& title, const QString& advice) {
  title_->setText(title);
  advice_->setText(advice);
}

QPushButton* EmptyState::add_button(const QString& text, const std::function<void()>& run) {
  auto* button = new QPushButton(text, this);
  connect(button, &QPushButton::clicked, this, run);
  buttons_->insertWidget(buttons_->count() - 1, button);
  return button;
}

}  // namespace lea::gui
