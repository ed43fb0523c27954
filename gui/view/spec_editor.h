// The editor of a spec: its text, what is wrong with it, suggestions, and a line of help about what the
// cursor is in.
#pragma once

#include <QLabel>
#include <QListView>
#include <QSplitter>
#include <QStackedWidget>
#include <QWidget>

#include "gui/model/spec_check.h"
#include "gui/model/spec_completion.h"
#include "gui/view/completion_list.h"
#include "gui/view/empty_state.h"
#include "gui/view/yaml_area.h"

namespace lea::gui {

class SpecEditor : public QWidget {
  Q_OBJECT

 public:
  explicit SpecEditor(SpecFacts& facts, QWidget* parent = nullptr);

  QString text() const;
  // Makes this the text by a change of the range that differs, so that cursor, view and undo stay.
  void replace_text(const QString& text);
  // Shows another text, which can not be undone. `path` is its file; empty for none.
  void show_text(const QString& text, const QString& path);
  // The text has this file now.
  void set_path(const QString& path);

  int current_line() const;  // from 1
  // Both from 1; the column counts bytes, as a spec::Location does.
  void go_to(int line, int column);

  // Suggests what can stand at the cursor.
  void suggest();
  // Goes to the next problem in the text.
  void go_to_next_problem();

  SpecCheck& check() { return check_; }
  SpecCompletion& completion() { return completion_; }
  YamlArea* area() const { return area_; }
  QListView* problems() const { return problems_; }
  CompletionList* suggestions() const { return suggestions_; }
  QLabel* help() const { return help_; }

 Q_SIGNALS:
  void text_edited();
  // A problem in another file is to be shown, which the spec extends.
  void other_file(const QString& path);
  // What was pasted cannot be shown, and was taken back. The text says why.
  void refused(const QString& text);

 private:
  void build();
  void take_edit();
  void take_back();
  void take_typed(int character);
  void take_problems();
  void show_problem(const QModelIndex& index);
  void insert(int row);
  void update_help();
  bool cannot_show(const std::string& bytes);

  SpecFacts& facts_;
  SpecCheck check_;
  SpecCompletion completion_;
  YamlArea* area_;
  CompletionList* suggestions_;
  QListView* problems_;
  QLabel* help_;
  QStackedWidget* whole_;
  EmptyState* not_shown_;
  QString path_;
  QString kept_;  // a text that cannot be shown
  bool edited_by_hand_ = true;
};

}  // namespace lea::gui
