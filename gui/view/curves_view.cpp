#include "gui/view/curves_view.h"

#include <QFileDialog>
#include <QVBoxLayout>

#include "gui/model/look.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"
#include "gui/view/plot_look.h"

namespace lea::gui {
namespace {

const char* title_of(CurveGroup group) {
  switch (group) {
    case CurveGroup::kLoss:
      return "loss";
    case CurveGroup::kValidation:
      return "validation";
    case CurveGroup::kTdError:
      return "TD error";
    case CurveGroup::kQ:
      return "Q values";
    case CurveGroup::kOther:
      break;
  }
  return "other";
}

QVector<double> to_vector(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

CurvesView::CurvesView(RunModel& run, QWidget* parent)
    : QWidget(parent),
      run_(run),
      note_(plain_label({}, this)),
      menu_(new QToolButton(this)),
      all_(new QToolButton(this)),
      save_(new QToolButton(this)),
      plot_(new QCustomPlot(this)),
      margins_(new QCPMarginGroup(plot_)) {
  note_->setWordWrap(true);
  menu_->setText("Curves");
  menu_->setToolTip("Which curves are shown");
  menu_->setPopupMode(QToolButton::InstantPopup);
  menu_->setMenu(new QMenu(menu_));
  connect(menu_->menu(), &QMenu::aboutToShow, this, &CurvesView::fill_menu);
  all_->setText("Show all");
  all_->setToolTip("Undo the zoom: show all steps");
  connect(all_, &QToolButton::clicked, this, [this] {
    zoomed_ = false;
    show_all();
    plot_->replot();
  });
  save_->setText("Save…");
  save_->setToolTip("Save the plots as PNG or PDF");
  connect(save_, &QToolButton::clicked, this, &CurvesView::save_as);
  plot_->setAccessibleName("Curves of the run");
  plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  plot_->setMinimumHeight(120);
  plot_->setAutoAddPlottableToLegend(false);
  connect(plot_, &QCustomPlot::mouseWheel, this, [this] { zoomed_ = true; });
  connect(plot_, &QCustomPlot::mousePress, this, [this] { zoomed_ = true; });
  plot_->plotLayout()->clear();
  plot_->plotLayout()->setRowSpacing(2);
  auto* bar = new QHBoxLayout;
  bar->addWidget(note_, 1);
  bar->addWidget(menu_);
  bar->addWidget(all_);
  bar->addWidget(save_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->addLayout(bar);
  column->addWidget(plot_, 1);
  connect(&run, &RunModel::shown, this, &CurvesView::begin);
  connect(&run, &RunModel::begun_anew, this, &CurvesView::begin);
  connect(&run, &RunModel::curves_changed, this, &CurvesView::update);
  begin();
}

// Of the validation, only NDCG is shown unless somebody asks for more.
bool CurvesView::is_chosen(const std::string& metric) const {
  if (added_.contains(metric)) return true;
  if (removed_.contains(metric)) return false;
  const CurveGroup group = curve_group(metric);
  return group != CurveGroup::kOther &&
         (group != CurveGroup::kValidation || metric.starts_with("ndcg@"));
}

void CurvesView::fill_menu() {
  QMenu* menu = menu_->menu();
  menu->clear();
  for (const auto& [metric, curve] : run_.curves()) {
    QAction* action = menu->addAction(plain_title(shown(metric)));
    action->setCheckable(true);
    action->setChecked(is_chosen(metric));
    connect(action, &QAction::toggled, this, [this, metric = metric](bool chosen) {
      (chosen ? removed_ : added_).erase(metric);
      (chosen ? added_ : removed_).insert(metric);
      begin();
      update();
    });
  }
  if (menu->isEmpty()) menu->addAction("There are no curves yet")->setEnabled(false);
}

void CurvesView::begin() {
  zoomed_ = false;
  graphs_.clear();
  panels_.clear();
  plot_->clearGraphs();
  plot_->plotLayout()->clear();
  plot_->plotLayout()->simplify();
  update();
}

CurvesView::Panel& CurvesView::panel(CurveGroup group) {
  Panel& panel = panels_[group];
  if (panel.rect != nullptr) return panel;
  panel.rect = new QCPAxisRect(plot_);
  panel.rect->setMarginGroup(QCP::msLeft | QCP::msRight, margins_);
  panel.rect->setMinimumMargins(QMargins(4, 2, 10, 2));
  panel.rect->setRangeZoom(Qt::Horizontal);
  panel.rect->setRangeDrag(Qt::Horizontal);
  panel.rect->axis(QCPAxis::atLeft)->setLabel(title_of(group));
  panel.rect->axis(QCPAxis::atLeft)->ticker()->setTickCount(4);
  panel.legend = new QCPLegend;
  panel.rect->insetLayout()->addElement(panel.legend, Qt::AlignTop | Qt::AlignRight);
  panel.rect->insetLayout()->setMargins(QMargins(4, 4, 4, 4));
  panel.legend->setLayer("legend");
  panel.legend->setIconSize(14, 8);
  panel.legend->setRowSpacing(-2);
  panel.legend->setMargins(QMargins(4, 2, 4, 2));
  // In the order of the groups, however they come.
  int row = 0;
  for (const auto& [other, unused] : panels_) row += other < group;
  QCPLayoutGrid* layout = plot_->plotLayout();
  layout->insertRow(row);
  layout->addElement(row, 0, panel.rect);
  // The steps are the same in all plots, so a zoom in one is a zoom in all.
  for (const auto& [other, its] : panels_) {
    if (its.rect == panel.rect || its.rect == nullptr) continue;
    auto *mine = panel.rect->axis(QCPAxis::atBottom), *theirs = its.rect->axis(QCPAxis::atBottom);
    connect(mine, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), theirs,
            qOverload<const QCPRange&>(&QCPAxis::setRange));
    connect(theirs, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), mine,
            qOverload<const QCPRange&>(&QCPAxis::setRange));
  }
  return panel;
}

QCPGraph* CurvesView::graph(const std::string& metric) {
  QCPGraph*& graph = graphs_[metric];
  if (graph != nullptr) return graph;
  Panel& home = panel(curve_group(metric));
  graph = plot_->addGraph(home.rect->axis(QCPAxis::atBottom), home.rect->axis(QCPAxis::atLeft));
  graph->setName(shown(metric));
  graph->setAdaptiveSampling(true);
  graph->addToLegend(home.legend);
  return graph;
}

void CurvesView::update() {
  // Nothing is drawn that nobody looks at.
  stale_ = !isVisible();
  if (stale_) return;
  const bool none = run_.curves().empty();
  note_->setText(run_.empty() ? "Choose a run to see its curves."
                 : none       ? run_.title() + ": no curves yet."
                              : run_.title());
  plot_->setVisible(!none);
  for (const auto& [metric, curve] : run_.curves()) {
    if (!is_chosen(metric)) continue;
    graph(metric)->setData(to_vector(curve.steps), to_vector(curve.values),
                           /*alreadySorted=*/true);
  }
  paint_colours();
  if (!zoomed_) show_all();
  plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvesView::show_all() {
  plot_->rescaleAxes();
  // Losses are known from earlier steps than validations, and all plots show the same steps.
  QCPRange steps;
  bool known = false;
  for (const auto& [metric, graph] : graphs_) {
    bool has_points = false;
    const QCPRange its = graph->getKeyRange(has_points);
    if (has_points) steps = known ? steps.expanded(its) : its;
    known |= has_points;
  }
  for (auto& [group, panel] : panels_) {
    if (known && steps.size() > 0) panel.rect->axis(QCPAxis::atBottom)->setRange(steps);
    QCPAxis* left = panel.rect->axis(QCPAxis::atLeft);
    left->scaleRange(1.15, left->range().center());
  }
}

void CurvesView::paint_colours() {
  const PlotTheme theme = theme_of(*this);
  plot_->setBackground(theme.base);
  const QCPAxisRect* last = panels_.empty() ? nullptr : panels_.rbegin()->second.rect;
  for (auto& [group, panel] : panels_) {
    for (QCPAxis* axis : panel.rect->axes()) paint_axis(axis, theme);
    panel.rect->axis(QCPAxis::atBottom)->setTickLabels(panel.rect == last);
    panel.rect->axis(QCPAxis::atBottom)->setLabel(panel.rect == last ? "step" : "");
    paint_legend(panel.legend, theme);
  }
  std::map<CurveGroup, size_t> used;
  for (auto& [metric, graph] : graphs_)
    graph->setPen(QPen(curve_colour(used[curve_group(metric)]++, theme.dark), 1.6));
}

void CurvesView::save_as() {
  const QString path = QFileDialog::getSaveFileName(this, "Save the plots", "curves.png",
                                                    "PNG (*.png);;PDF (*.pdf)");
  if (path.isEmpty()) return;
  path.endsWith(".pdf") ? plot_->savePdf(path) : plot_->savePng(path, 0, 0, 2);
}

void CurvesView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    paint_colours();
    plot_->replot(QCustomPlot::rpQueuedReplot);
  }
  QWidget::changeEvent(event);
}

void CurvesView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) update();
}

}  // namespace lea::gui
