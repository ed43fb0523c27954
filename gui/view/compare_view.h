// Two runs side by side: the difference of their settings, their metrics, and their curves in one
// plot.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <array>

#include "gui/model/comparison_table.h"
#include "gui/view/empty_state.h"
#include "gui/view/page.h"
#include "gui/view/plot_panel.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class CompareView : public QWidget {
  Q_OBJECT

 public:
  CompareView(const Context& context, QWidget* parent = nullptr);

  // By their uuids, or the first digits of these. Navigator::compare leads here, too.
  void compare(const QString& a, const QString& b);

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For tests.
  const RunComparison& comparison() const { return comparison_; }
  TablePane* lines_pane() const { return lines_pane_; }
  TablePane* metrics_pane() const { return metrics_pane_; }
  PlotPanel* curves() const { return curves_; }
  QLineEdit* run_line(size_t side) const { return lines_[side]; }
  QCheckBox* all_box() const { return all_; }

 private:
  QWidget* build_bar();
  QWidget* build_tables();
  void build_empty();
  void take();
  void update_state();
  void draw_curves();
  void ask() { compare(lines_[0]->text(), lines_[1]->text()); }

  const Context context_;
  RunComparison comparison_;
  SettingsDifference settings_;
  MetricsDifference metrics_;
  QStackedWidget* whole_;
  EmptyState* empty_;
  QPushButton *to_runs_ = nullptr, *stop_ = nullptr;
  std::array<QLineEdit*, 2> lines_{};
  std::array<QLabel*, 2> titles_{};
  QLabel* warning_;
  QCheckBox* all_;
  QSplitter *columns_, *tables_;
  TablePane *lines_pane_, *metrics_pane_;
  PlotPanel* curves_;
  QComboBox* metric_;
  QString kept_metric_;
};

}  // namespace lea::gui
