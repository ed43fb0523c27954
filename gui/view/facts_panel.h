// What is known of one thing: a title, lines of facts, and below them what is wrong with it, in full
// and to be copied.
#pragma once

#include <QLabel>
#include <QPlainTextEdit>
#include <QToolButton>
#include <QWidget>

#include "gui/model/plugin_facts.h"

namespace lea::gui {

class FactsPanel : public QWidget {
  Q_OBJECT

 public:
  // `name` says what the facts are about ("Plugin").
  explicit FactsPanel(const QString& name, QWidget* parent = nullptr);

  // `problem`: text of any length, or "".
  void show_facts(const QString& title, const Facts& facts, const QString& problem);
  // Shows nothing but an advice.
  void show_advice(const QString& advice);

  QPlainTextEdit* facts() const { return facts_; }
  QPlainTextEdit* problem() const { return problem_; }
  QToolButton* copy() const { return copy_; }
  QLabel* title() const { return title_; }

 private:
  QLabel* title_;
  QPlainTextEdit* facts_;
  QWidget* problem_box_;
  QPlainTextEdit* problem_;
  QToolButton* copy_;
};

}  // namespace lea::gui
