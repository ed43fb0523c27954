// The page Experiment: the text of a spec, and its launch.
#pragma once

#include <QLabel>
#include <QSplitter>
#include <functional>

#include "gui/model/spec_file.h"
#include "gui/view/page.h"
#include "gui/view/spec_editor.h"
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
  SpecFacts& facts() { return panel_->facts(); }
  SpecEditor* editor() const { return editor_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void add_actions();
  void choose_file();
  void save_spec(const std::function<void()>& then);
  void save_as(const std::function<void()>& then);
  void launch();
  void show_text();
  void update_actions();

  const Context context_;
  SpecFile spec_;
  QLabel* title_;
  SpecPanel* panel_;
  SpecEditor* editor_;
  QSplitter* sides_;
  QString shown_path_;  // of the text in the editor
  QAction *open_ = nullptr, *save_ = nullptr, *save_as_ = nullptr, *reload_ = nullptr,
          *launch_ = nullptr, *copy_ = nullptr;
};

}  // namespace lea::gui
