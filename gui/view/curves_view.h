// The curves of a run, one plot for each group, over the same steps.
#pragma once

#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QWidget>
#include <map>
#include <set>

#include "gui/model/run_model.h"
#include "gui/view/plot_library.h"

namespace lea::gui {

class CurvesView : public QWidget {
  Q_OBJECT

 public:
  explicit CurvesView(RunModel& run, QWidget* parent = nullptr);

  QCustomPlot* plot() const { return plot_; }

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  struct Panel {
    QCPAxisRect* rect = nullptr;
    QCPLegend* legend = nullptr;
  };

  bool is_chosen(const std::string& metric) const;
  void fill_menu();
  void begin();
  void update();
  Panel& panel(CurveGroup group);
  QCPGraph* graph(const std::string& metric);
  void show_all();
  void paint_colours();
  void save_as();

  RunModel& run_;
  QLabel* note_;
  QToolButton *menu_, *all_, *save_;
  QCustomPlot* plot_;
  QCPMarginGroup* margins_;
  std::map<CurveGroup, Panel> panels_;
  std::map<std::string, QCPGraph*> graphs_;
  std::set<std::string> added_, removed_;  // by the user, from the built-in choice
  bool stale_ = true;                      // nobody looked when there was news
  bool zoomed_ = false;                    // by the user: new points do not change what is in view
};

}  // namespace lea::gui
