// The page Runs: the grids of the lab, the map of one, its runs or all runs of the lab, and the
// curves, the log and the errors of what is chosen.
#pragma once

#include <QListView>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <optional>

#include "gui/model/grid_list.h"
#include "gui/model/grid_model.h"
#include "gui/model/run_model.h"
#include "gui/model/run_table.h"
#include "gui/model/task_table.h"
#include "gui/view/curves_view.h"
#include "gui/view/empty_state.h"
#include "gui/view/grid_panel.h"
#include "gui/view/log_view.h"
#include "gui/view/page.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class RunsPage : public Page {
  Q_OBJECT

 public:
  explicit RunsPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

  // For tests.
  const GridModel& grid() const { return grid_; }
  TablePane* tasks_pane() const { return tasks_pane_; }
  TablePane* runs_pane() const { return runs_pane_; }
  QListView* grids_view() const { return grids_view_; }

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void add_actions();
  QWidget* build_grids();
  QWidget* build_middle();
  QWidget* build_details();
  void build_empty();

  void update_state();    // which part is shown
  void update_actions();  // what can be done now
  void choose_grid(const QString& id);
  void choose_task(size_t task);
  void choose_row();
  void show_run(const std::string& uuid, const QString& title);
  void ask_run(run::Request::Action action);
  void ask_grid(run::Request::Action action);
  void clone();
  void open_folder();
  void add_run_actions(QMenu* menu);
  std::vector<size_t> chosen_tasks() const;
  QStringList selected_runs() const;  // their uuids
  // The spec file of what is shown; empty when none is known.
  std::string spec_file() const;

  const Context context_;
  GridModel grid_;
  RunModel run_;
  GridList grids_;
  TaskTable tasks_;
  FailureTable failures_;
  RunTable runs_;

  QAction *stop_ = nullptr, *retry_failed_ = nullptr, *skip_waiting_ = nullptr, *clone_ = nullptr,
          *folder_ = nullptr, *stop_run_ = nullptr, *retry_run_ = nullptr, *skip_run_ = nullptr,
          *first_run_ = nullptr, *compare_ = nullptr;
  QStackedWidget* whole_ = nullptr;  // the empty state, or the page
  EmptyState* empty_ = nullptr;
  QPushButton *choose_lab_ = nullptr, *make_lab_ = nullptr, *to_experiment_ = nullptr;
  QSplitter *columns_ = nullptr, *middle_ = nullptr;
  QListView* grids_view_ = nullptr;
  GridPanel* panel_ = nullptr;
  QStackedWidget* tables_ = nullptr;
  TablePane *tasks_pane_ = nullptr, *runs_pane_ = nullptr, *failures_pane_ = nullptr;
  QTabWidget* details_ = nullptr;
  QString grid_id_;           // of the grid that is shown; empty: all runs
  bool chose_first_ = false;  // the first grid of the lab was chosen without the user
  std::optional<size_t> task_;
  Ticket clone_ticket_;
  bool choosing_ = false;
};

}  // namespace lea::gui
