// The page Results: the matrix of an experiment, its plots, two runs side by side, and SQL.
#pragma once

#include <QTabWidget>

#include "gui/view/matrix_panel.h"
#include "gui/view/page.h"

namespace lea::gui {

class ResultsPage : public Page {
  Q_OBJECT

 public:
  explicit ResultsPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

  MatrixPanel* matrix() const { return matrix_; }

 private:
  QTabWidget* tabs_;
  MatrixPanel* matrix_;
};

}  // namespace lea::gui
