#include "gui/view/field_completer.h"

#include <QAbstractItemModel>

namespace lea::gui {

FieldCompleter::FieldCompleter(QLineEdit* line, QAbstractItemModel* fields)
    : QCompleter(fields, line), line_(line) {
  setCaseSensitivity(Qt::CaseInsensitive);
  setFilterMode(Qt::MatchContains);
  setMaxVisibleItems(12);
  line->setCompleter(this);
}

int FieldCompleter::word_begin(const QString& text, int cursor) {
  int begin = cursor;
  while (begin > 0) {
    const QChar c = text[begin - 1];
    if (!c.isLetterOrNumber() && c != '_' && c != '.' && c != '@') break;
    --begin;
  }
  return begin;
}

QString FieldCompleter::pathFromIndex(const QModelIndex& index) const {
  const QString text = line_->text();
  const int cursor = line_->cursorPosition();
  return text.left(word_begin(text, cursor)) + QCompleter::pathFromIndex(index) + text.mid(cursor);
}

QStringList FieldCompleter::splitPath(const QString&) const {
  const QString text = line_->text();
  const int cursor = line_->cursorPosition(), begin = word_begin(text, cursor);
  const QString word = text.mid(begin, cursor - begin);
  // A value after an operator is no field, and an empty word would offer all fields.
  const bool value = begin > 0 && QString("=<>~!").contains(text[begin - 1]);
  return {value || word.isEmpty() ? QString(QChar(0)) : word};
}

}  // namespace lea::gui
