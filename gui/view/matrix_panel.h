// The tab Matrix of the page Results: the experiments, the places of their axes, the matrix, what its
// footer says, and the chosen cell.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>

#include "gui/model/matrix_model.h"
#include "gui/view/axis_zones.h"
#include "gui/view/cell_panel.h"
#include "gui/view/empty_state.h"
#include "gui/view/matrix_grid.h"
#include "gui/view/page.h"

namespace lea::gui {

class MatrixPanel : public QWidget {
  Q_OBJECT

 public:
  explicit MatrixPanel(const Context& context, QWidget* parent = nullptr);

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For other tabs, and for tests.
  MatrixModel& model() { return model_; }
  MatrixGrid* grid() const { return grid_; }
  AxisZones* zones() const { return zones_; }
  CellPanel* cell() const { return cell_; }
  QListWidget* experiments() const { return experiments_; }
  QPlainTextEdit* footer() const { return footer_; }

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void add_actions();
  QWidget* build_experiments();
  QWidget* build_middle();
  QLayout* build_bar();
  void build_empty();

  void fill_experiments();
  void filter_experiments();
  void choose_experiment();
  void update();
  void update_empty();
  void update_actions();
  void change(const std::function<void(MatrixState*)>& change);
  void take_cuts();
  void fill_gaps();
  void copy(const std::string& format);
  void save_as();

  const Context context_;
  MatrixModel model_;
  QStackedWidget* whole_ = nullptr;  // the empty state, or the columns
  EmptyState* empty_ = nullptr;
  QPushButton *choose_lab_ = nullptr, *make_lab_ = nullptr, *to_experiment_ = nullptr,
              *to_runs_ = nullptr;
  QSplitter *columns_ = nullptr, *middle_ = nullptr;
  QLineEdit* wanted_ = nullptr;  // part of an experiment's name
  QListWidget* experiments_ = nullptr;
  AxisZones* zones_ = nullptr;
  QLineEdit* cuts_ = nullptr;
  QComboBox *ties_ = nullptr, *seen_ = nullptr;
  QToolButton* cancel_ = nullptr;
  QStackedWidget* body_ = nullptr;  // the matrix, or why there is none
  EmptyState* no_matrix_ = nullptr;
  MatrixGrid* grid_ = nullptr;
  QPlainTextEdit* footer_ = nullptr;
  CellPanel* cell_ = nullptr;
  QAction *fill_ = nullptr, *as_table_ = nullptr, *command_ = nullptr, *latex_ = nullptr,
          *markdown_ = nullptr, *csv_ = nullptr, *save_ = nullptr;
  QTimer busy_;
  bool updating_ = false;
};

}  // namespace lea::gui
