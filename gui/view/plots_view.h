// The plots of an experiment: which one, which rows, which metric; and their export.
#pragma once

#include <QComboBox>
#include <QListWidget>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <set>

#include "gui/model/plot_data.h"
#include "gui/view/empty_state.h"
#include "gui/view/page.h"
#include "gui/view/plot_exporter.h"
#include "gui/view/plot_grid.h"

namespace lea::gui {

class PlotsView : public QWidget {
  Q_OBJECT

 public:
  // As many rows are drawn until the user asks for more.
  static constexpr size_t kFirstRows = 20, kFirstFloors = 5;

  PlotsView(const Context& context, QWidget* parent = nullptr);

  void show_experiment(const QString& name);
  // Writes all plots of the tab into a folder, as PNG and SVG. What they need is read first.
  void export_to(const QString& folder) { exporter_->begin(folder); }

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For tests.
  PlotData& data() { return data_; }
  PlotGrid* plots() const { return plots_; }
  QListWidget* rows() const { return rows_; }
  QComboBox* metric() const { return metric_; }
  const std::set<size_t>& shown_rows() const { return shown_; }

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void add_actions();
  QWidget* build_bar();
  QWidget* build_rows();
  void build_empty();
  void fill_experiments();
  void fill_rows();
  void paint_rows();
  void take_table();
  void tick_rows(const std::function<bool(size_t)>& ticked);
  void row_ticked(QListWidgetItem* item);
  void update_state();
  void draw_soon() { drawing_.start(); }
  void draw();
  void choose_folder();

  const Context context_;
  PlotData data_;
  QTimer drawing_;
  QStackedWidget* whole_;
  EmptyState* empty_;
  QPushButton *to_experiment_ = nullptr, *to_runs_ = nullptr;
  QSplitter* columns_;
  QComboBox *experiment_, *metric_;
  QToolButton* cancel_;
  QAction *export_ = nullptr, *reload_ = nullptr;
  std::vector<QToolButton*> kinds_;
  QListWidget* rows_;
  QLabel* rows_note_;
  PlotGrid* plots_;
  PlotExporter* exporter_;
  Qt::CheckState pressed_ = Qt::Unchecked;  // of the row that the mouse was pressed on
  std::set<size_t> shown_;
  std::set<std::string> added_, removed_;  // rows by name, by the user, from the first choice
  QString kept_experiment_, kept_metric_;
  std::shared_ptr<const PlotTable> filled_;
};

}  // namespace lea::gui
