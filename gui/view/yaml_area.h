// A text editor for YAML: colours, line numbers, brackets, folding, and marks of what is wrong. Columns
// and offsets count bytes of UTF-8, as those of core/spec do; lines and columns begin with 1.
#pragma once

#include <QLabel>
#include <string>
#include <string_view>
#include <vector>

#include "gui/view/editor_library.h"

namespace lea::gui {

class YamlArea : public QsciScintilla {
  Q_OBJECT

 public:
  // The longest line that can be shown without blocking the window.
  static constexpr size_t kLineBytes = 32768;

  explicit YamlArea(QWidget* parent = nullptr);

  // The text, until the next change of it.
  std::string_view bytes() const;
  // Makes this the text by a change of the range that differs: cursor, view and undo stay.
  void change_to(const std::string& bytes);
  // Replaces a range, as one step of undo, and puts the cursor so far behind its begin.
  void replace_part(size_t begin, size_t end, const std::string& text, size_t cursor);
  void forget_undo();

  size_t cursor() const;
  int cursor_line() const;
  // Shows the place and puts the cursor there.
  void go_to(int line, int column);
  // Where something can be shown below the cursor.
  QRect cursor_rect() const;

  struct Mark {
    int line, column;
    QString text;
  };
  // Replaces the marks before.
  void set_marks(std::vector<Mark> marks);
  // What is marked in a line, for a tip.
  QString marked_at(int line) const;

  // Keys that choose from an open list are left to it.
  void set_chooser(QWidget* chooser) { chooser_ = chooser; }
  void set_placeholder(const QString& text);

 Q_SIGNALS:
  // Once for each change, also one of several steps.
  void edited();
  // Somebody typed this.
  void typed(int character);

 protected:
  bool viewportEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool canInsertFromMimeData(const QMimeData* source) const override;

 private:
  long send(unsigned int message, size_t first = 0, long second = 0) const;
  void set_style(int style, const QColor& fore, const QColor& back);
  void set_colours();
  void colour_to(int end);
  void fold(int first, int last);
  int indent_of(int line) const;  // -1 for a line without content
  void adjust_margin();
  void indent_new_line();
  void draw_marks();
  void replace_range(size_t begin, size_t end, std::string_view text);

  QWidget* chooser_ = nullptr;
  QLabel* placeholder_;
  std::vector<Mark> marks_;
  bool changing_ = false;  // several steps of one change are made
};

}  // namespace lea::gui
