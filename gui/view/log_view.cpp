#include "gui/view/log_view.h"

#include <QFontDatabase>
#include <QScrollBar>
#include <QVBoxLayout>

#include "core/base/log.h"
#include "gui/model/look.h"
#include "gui/model/text.h"

namespace lea::gui {

LogView::LogView(RunModel& run, QWidget* parent)
    : QWidget(parent), run_(run), text_(new QPlainTextEdit(this)) {
  text_->setReadOnly(true);
  text_->setAccessibleName("Log of the run");
  text_->setMaximumBlockCount(static_cast<int>(RunFiles::kLines));
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setPlaceholderText("Choose a run to see the end of its log.");
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->addWidget(text_);
  connect(&run, &RunModel::shown, this, [this] {
    text_->clear();
    text_->setPlaceholderText(run_.empty() ? "Choose a run to see the end of its log."
                                           : run_.title() + ": no log yet.");
  });
  connect(&run, &RunModel::lines_added, this, &LogView::add);
}

// Follows the end only while it is in view, so that somebody can read further up.
void LogView::add(const QStringList& lines) {
  QScrollBar* bar = text_->verticalScrollBar();
  const bool at_end = bar->value() >= bar->maximum() - 2;
  QTextCursor cursor(text_->document());
  cursor.movePosition(QTextCursor::End);
  cursor.beginEditBlock();
  bool first = text_->document()->isEmpty();
  for (const QString& line : lines) {
    QTextCharFormat format;
    if (const auto parsed = parse_log_line(to_std(line)); parsed) {
      const bool dark = is_dark(palette());
      if (parsed->level == LogLevel::kError) format.setForeground(look_colour(Look::kFailed, dark));
      if (parsed->level == LogLevel::kWarning) format.setFontWeight(QFont::Bold);
    }
    if (!first) cursor.insertBlock();
    first = false;
    cursor.insertText(line, format);
  }
  cursor.endEditBlock();
  if (at_end) bar->setValue(bar->maximum());
}

}  // namespace lea::gui
