// The four plots of an experiment: bars, curves, a metric against k, and a sweep over a parameter.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QSettings>
#include <set>
#include <vector>

#include "gui/model/plot_data.h"
#include "gui/view/plot_panel.h"

namespace lea::gui {

class PlotGrid : public QWidget {
  Q_OBJECT

 public:
  explicit PlotGrid(PlotData& data, QWidget* parent = nullptr);

  // "bars", "curves", "k" or "sweep"; "" for all of them.
  void show_only(const QString& plot);
  const QString& shown_plot() const { return only_; }

  // What is to be drawn. Reads what it needs of the plots that are shown, and of all for `all_plots`.
  struct Wanted {
    std::set<size_t> cells;
    size_t column = 0;
    bool all_plots = false;
  };
  void update_plots(const Wanted& wanted);

  const std::vector<PlotPanel*>& panels() const { return panels_; }
  PlotPanel* panel(const QString& name) const;
  // The plot and its metric, for the name of a file: "sweep_learning_rate", "valid_ndcg@20".
  std::pair<QString, QString> file_names(const PlotPanel* panel) const;

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

 Q_SIGNALS:
  // By the controls of a plot: it is to be drawn again.
  void choice_changed();

 private:
  PlotPanel* add_panel(const QString& name, const QString& title);
  void fill_controls();
  void update_bars();
  void update_curves();
  void update_cuts();
  void update_sweep();
  bool is_wanted(const PlotPanel* panel) const;
  QString column_title() const;

  PlotData& data_;
  QGridLayout* grid_;
  std::vector<PlotPanel*> panels_;
  PlotPanel *bars_, *curves_, *cuts_, *sweep_;
  QComboBox *curve_metric_, *band_, *axis_;
  QCheckBox* log_;
  QString only_;
  Wanted wanted_;
  std::shared_ptr<const PlotTable> filled_;  // the table whose names are in the controls
  QString kept_metric_, kept_axis_;          // as chosen, also where a table lacks them
};

// Fills a box with names and keeps the choice; takes `first` when it was none of them.
void fill_box(QComboBox* box, const QStringList& names, const QString& kept, const QString& first);

}  // namespace lea::gui
