// Completes the names of fields in a filter expression, word by word.
#pragma once

#include <QCompleter>
#include <QLineEdit>

class QAbstractItemModel;

namespace lea::gui {

class FieldCompleter : public QCompleter {
  Q_OBJECT

 public:
  FieldCompleter(QLineEdit* line, QAbstractItemModel* fields);

  // The begin of the word before the cursor.
  static int word_begin(const QString& text, int cursor);

 protected:
  QString pathFromIndex(const QModelIndex& index) const override;
  QStringList splitPath(const QString& path) const override;

 private:
  QLineEdit* line_;
};

}  // namespace lea::gui
