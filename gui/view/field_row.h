// One setting of a form: its name, an editor for its type, a button that takes the text's own value away,
// and below that what is wrong with it or decides it as well.
#pragma once

#include <QLabel>
#include <QToolButton>
#include <QWidget>

#include "gui/model/form_outline.h"

namespace lea::gui {

// An editor for the type of a field. It shows a value, and says when a person has given another.
class FieldEditor : public QWidget {
  Q_OBJECT

 public:
  using QWidget::QWidget;
  virtual void show_value(const FormField& field) = 0;

 Q_SIGNALS:
  void committed(const QString& value);
};

FieldEditor* make_editor(const FormField& field, QWidget* parent);

class FieldRow : public QWidget {
  Q_OBJECT

 public:
  FieldRow(const FormField& field, int name_width, QWidget* parent = nullptr);

  // A field of the same key and type.
  void show_field(const FormField& field);
  const FormField& field() const { return field_; }
  // Why the last edit was refused. It stays until the field is shown again with another value.
  void show_refusal(const QString& reason);
  // Whether its key or meaning has the words.
  bool matches(const QStringList& words) const;
  FieldEditor* editor() const { return editor_; }
  QToolButton* reset_button() const { return reset_; }

 Q_SIGNALS:
  void committed(const QString& value);
  void reset_wanted();
  void axis_wanted();
  void place_wanted(int line);

 protected:
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  QString tip() const;
  void show_below();

  FormField field_;
  QString refusal_;
  QLabel *name_, *below_;
  FieldEditor* editor_;
  QToolButton* reset_;
};

}  // namespace lea::gui
