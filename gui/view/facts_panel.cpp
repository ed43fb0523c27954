#include "gui/view/facts_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QVBoxLayout>

#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kProblemLines = 6;

// Paths and sums have no blanks at which a line could end.
void wrap_anywhere(QPlainTextEdit* text, const QString& name) {
  text->setReadOnly(true);
  text->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  text->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  text->setAccessibleName(name);
}

}  // namespace

FactsPanel::FactsPanel(const QString& name, QWidget* parent)
    : QWidget(parent),
      title_(plain_label({}, this)),
      facts_(new QPlainTextEdit(this)),
      problem_box_(new QWidget(this)),
      problem_(new QPlainTextEdit(problem_box_)),
      copy_(new QToolButton(problem_box_)) {
  QFont bold = title_->font();
  bold.setBold(true);
  title_->setFont(bold);
  title_->setWordWrap(true);
  title_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  title_->setAccessibleName(name);
  wrap_anywhere(facts_, "Facts: " + name);
  wrap_anywhere(problem_, "Error: " + name);
  problem_->setFixedHeight(problem_->fontMetrics().lineSpacing() * kProblemLines + 12);
  copy_->setText("Copy");
  copy_->setToolTip("Copy the whole text of the error");
  copy_->setAccessibleName("Copy the error");
  connect(copy_, &QToolButton::clicked, this,
          [this] { QApplication::clipboard()->setText(problem_->toPlainText()); });
  auto* head = new QHBoxLayout;
  head->addWidget(plain_label("Error", problem_box_), 1);
  head->addWidget(copy_);
  auto* box = new QVBoxLayout(problem_box_);
  box->setContentsMargins(0, 0, 0, 0);
  box->addLayout(head);
  box->addWidget(problem_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->setSpacing(4);
  column->addWidget(title_);
  column->addWidget(problem_box_);
  column->addWidget(facts_, 1);
  setMinimumWidth(220);
  show_advice({});
}

void FactsPanel::show_facts(const QString& title, const Facts& facts, const QString& problem) {
  title_->setText(title);
  QTextCharFormat name_format, text_format;
  name_format.setFontWeight(QFont::DemiBold);
  QTextDocument* document = facts_->document();
  document->clear();
  QTextCursor cursor(document);
  cursor.beginEditBlock();
  for (const auto& [name, text] : facts) {
    if (!document->isEmpty()) cursor.insertBlock();
    cursor.insertText(name + "  ", name_format);
    cursor.insertText(text, text_format);
  }
  cursor.endEditBlock();
  facts_->setVisible(!facts.empty());
  problem_->setPlainText(problem);
  problem_box_->setVisible(!problem.isEmpty());
}

void FactsPanel::show_advice(const QString& advice) { show_facts(advice, {}, {}); }

}  // namespace lea::gui
