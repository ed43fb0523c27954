#include "gui/view/consent_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>

#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {

ConsentBar::ConsentBar(QWidget* parent)
    : QFrame(parent),
      question_(plain_label({}, this)),
      yes_(new QPushButton(this)),
      no_(new QPushButton("Keep", this)) {
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  setAccessibleName("Question");
  question_->setWordWrap(true);
  question_->setAccessibleName("Question");
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 4, 8, 4);
  row->addWidget(question_, 1);
  row->addWidget(yes_);
  row->addWidget(no_);
  connect(no_, &QPushButton::clicked, this, &ConsentBar::forget);
  connect(yes_, &QPushButton::clicked, this, [this] {
    const std::function<void()> run = run_;
    forget();
    if (run) run();
  });
  hide();
}

void ConsentBar::ask(const QString& question, const QString& yes,
                     const std::function<void()>& run) {
  question_->setText(question);
  yes_->setText(plain_title(yes));
  yes_->setAccessibleName(yes);
  run_ = run;
  show();
  no_->setFocus();
}

void ConsentBar::forget() {
  run_ = {};
  hide();
}

void ConsentBar::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) return forget();
  QFrame::keyPressEvent(event);
}

}  // namespace lea::gui
