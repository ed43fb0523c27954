// The page Experiment: the text of a spec, and its launch.
#pragma once

#include <QLabel>
#include <QPlainTextEdit>
#include <QSplitter>
#include <functional>

#include "gui/model/spec_file.h"
#include "gui/view/page.h"
#include "gui/view/spec_panel.h"

namespace lea::gui {

class ExperimentPage : public Page {
  Q_OBJECT

 public:
  explicit ExperimentPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

  // For tests.
  SpecFile& spec() { return spec_; }
  SpecPanel* panel() const { return panel_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void add_actions();
  void choose_file();
  void save_spec(const std::function<void()>& then);
  void save_as(const std::function<void()>& then);
  void launch();
  QString typed() const;
  void show_text();
  void take_edit(const QString& text);
  void update_actions();

  const Context context_;
  SpecFile spec_;
  QLabel* title_;
  QPlainTextEdit* text_;
  SpecPanel* panel_;
  QSplitter* sides_;
  QAction *open_ = nullptr, *save_ = nullptr, *save_as_ = nullptr, *reload_ = nullptr,
          *launch_ = nullptr, *copy_ = nullptr;
};

}  // namespace lea::gui
