// What a page shows while it has nothing to show: a sentence, what to do next, and the buttons for it.
#pragma once

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QWidget>
#include <functional>

namespace lea::gui {

class EmptyState : public QWidget {
  Q_OBJECT

 public:
  explicit EmptyState(QWidget* parent = nullptr);

  void set_text(const QString& title, const QString& advice);
  QPushButton* add_button(const QString& text, const std::function<void()>& run);

 private:
  QLabel* title_;
  QLabel* advice_;
  QHBoxLayout* buttons_;
};

// A label for text that a user or a file supplied: never markup, and it can be copied.
QLabel* plain_label(const QString& text = {}, QWidget* parent = nullptr);

}  // namespace lea::gui
