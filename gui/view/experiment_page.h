// The page Experiment: the text of a spec, and its launch.
#pragma once

#include <QLabel>
#include <QPlainTextEdit>

#include "gui/view/page.h"

namespace lea::gui {

class ExperimentPage : public Page {
  Q_OBJECT

 public:
  explicit ExperimentPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

 private:
  void open(const QString& path);
  void show_draft(const QString& text, const QString& origin);
  bool save_file(const QString& path);
  void choose_file();
  void save_as();
  void launch();
  void update_actions();

  const Context context_;
  QString path_;  // of the file; empty: a text without one
  QLabel* title_;
  QPlainTextEdit* text_;
  QAction *save_ = nullptr, *launch_ = nullptr, *copy_ = nullptr;
};

}  // namespace lea::gui
