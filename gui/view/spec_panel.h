// What stands beside the text of a spec: a line of counts, and below it the grid as lists to be ticked,
// the settings as a form, and what a launch would do. Without a spec, how to begin.
#pragma once

#include <QLabel>
#include <QProgressBar>
#include <QSettings>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <QWidget>

#include "gui/model/plan_preview.h"
#include "gui/model/spec_form.h"
#include "gui/view/axis_lists.h"
#include "gui/view/empty_state.h"
#include "gui/view/page.h"
#include "gui/view/spec_form_view.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class SpecPanel : public QWidget {
  Q_OBJECT

 public:
  explicit SpecPanel(const Context& context, QWidget* parent = nullptr);

  // The text beside the panel, and its file; empty for none.
  void show_text(const QString& text, const QString& path);
  // Errors that an editor has found, for the fields that they are about.
  void show_errors(const std::vector<spec::Diagnostic>& errors) { form_.show_errors(errors); }

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  SpecFacts& facts() { return facts_; }
  SpecForm& form() { return form_; }
  PlanPreview& preview() { return preview_; }
  AxisLists* lists() const { return lists_; }
  SpecFormView* view() const { return view_; }
  QString counts() const { return counts_->text(); }

 Q_SIGNALS:
  // The form has changed the text.
  void edited(const QString& text);
  // A line of the text is to be shown, from 1.
  void place_wanted(int line);

 private:
  void add_actions();
  void build_empty();
  QWidget* build_preview();
  void begin(const std::string& data_set, const std::string& path);
  void choose_interactions();
  void fill_data_sets();
  void update_empty();
  void update_counts();
  void update_problem();

  const Context context_;
  SpecFacts facts_;
  SpecForm form_;
  PlanPreview preview_;
  QStackedWidget* whole_;
  EmptyState* empty_;
  QLabel *counts_, *problem_, *plan_;
  QProgressBar* busy_;
  QTabWidget* tabs_;
  AxisLists* lists_;
  SpecFormView* view_;
  TablePane* cells_;
  QPushButton *new_ = nullptr, *import_ = nullptr, *open_ = nullptr, *make_lab_ = nullptr;
  QTimer tick_;
  QAction* new_action_ = nullptr;
};

}  // namespace lea::gui
