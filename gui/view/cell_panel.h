// The chosen cell of a matrix: its numbers, its runs, and the ways to their curves, folders and specs.
#pragma once

#include <QLabel>
#include <QToolButton>

#include "gui/model/matrix_model.h"
#include "gui/view/page.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class CellPanel : public QWidget {
  Q_OBJECT

 public:
  CellPanel(const Context& context, MatrixModel& model, QWidget* parent = nullptr);

  TablePane* pane() const { return pane_; }
  QLabel* title() const { return title_; }
  // Lists the runs of the cell on the page Runs.
  void list_runs();

 private:
  void update();
  void update_actions();
  void open_spec();
  void open_folder();
  // The run that is selected, otherwise the first that exists; null when there is none.
  const CellRun* run() const;

  const Context context_;
  MatrixModel& model_;
  QLabel* title_;
  TablePane* pane_;
  QAction *list_ = nullptr, *curves_ = nullptr, *spec_ = nullptr, *folder_ = nullptr;
  Ticket spec_ticket_;
};

}  // namespace lea::gui
