// The page Results: the matrix of an experiment, its plots, two runs side by side, and SQL.
#pragma once

#include <QTabWidget>

#include "gui/view/compare_view.h"
#include "gui/view/matrix_panel.h"
#include "gui/view/page.h"
#include "gui/view/plots_view.h"
#include "gui/view/sql_view.h"

namespace lea::gui {

class ResultsPage : public Page {
  Q_OBJECT

 public:
  explicit ResultsPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

  // For tests.
  QTabWidget* tabs() const { return tabs_; }
  MatrixPanel* matrix() const { return matrix_; }

 private:
  template <class Use>
  void each_view(const Use& use) const;

  QTabWidget* tabs_;
  MatrixPanel* matrix_;
  PlotsView* plots_;
  CompareView* compare_;
  SqlView* sql_;
};

}  // namespace lea::gui
