// The list below the cursor from which a suggestion is chosen.
#pragma once

#include <QCompleter>
#include <QListView>

#include "gui/model/spec_completion.h"

namespace lea::gui {

class CompletionList : public QCompleter {
  Q_OBJECT

 public:
  // `editor` gets the keys that do not choose.
  CompletionList(SpecCompletion& model, QWidget* editor);

  // Shows what the model has, at a place of the editor, or nothing.
  void show_at(const QRect& place);
  void hide();
  bool is_open() const { return list_->isVisible(); }

 Q_SIGNALS:
  void chosen(int row);

 private:
  SpecCompletion& model_;
  QListView* list_;
};

}  // namespace lea::gui
