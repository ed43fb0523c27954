#include "gui/view/compare_view.h"

#include <QGridLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/model/run_files.h"
#include "gui/model/settings.h"
#include "gui/model/text.h"
#include "gui/view/plot_grid.h"

namespace lea::gui {
namespace {

constexpr const char* kSides[] = {"A", "B"};

// A curve of validation, otherwise a loss.
QString first_curve(const std::vector<std::string>& metrics) {
  for (const CurveGroup group : {CurveGroup::kValidation, CurveGroup::kLoss}) {
    for (const std::string& metric : metrics) {
      if (curve_group(metric) != group) continue;
      if (group == CurveGroup::kLoss || metric.starts_with("ndcg@")) return to_qt(metric);
    }
  }
  return metrics.empty() ? QString() : to_qt(metrics.front());
}

QSplitter* splitter(Qt::Orientation orientation, QWidget* first, QWidget* second) {
  auto* split = new QSplitter(orientation);
  split->addWidget(first);
  split->addWidget(second);
  split->setChildrenCollapsible(false);
  return split;
}

void set_sizes(QSplitter* split, const QString& kept, const QList<int>& first) {
  const auto sizes = numbers_in(kept);
  split->setSizes(sizes.size() == 2 ? QList<int>(sizes.begin(), sizes.end()) : first);
}

QString sizes_of(const QSplitter* split) {
  const QList<int> sizes = split->sizes();
  return number_list({sizes.begin(), sizes.end()});
}

}  // namespace

CompareView::CompareView(const Context& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      comparison_(context.lab),
      whole_(new QStackedWidget(this)),
      empty_(new EmptyState(this)),
      warning_(plain_label({}, this)),
      all_(new QCheckBox("Equal ones, too", this)),
      curves_(new PlotPanel("curves", "Curves", PlotPanel::Legend::kAlways, this)),
      metric_(new QComboBox(this)) {
  all_->setToolTip("Also show what is equal in both runs");
  warning_->setWordWrap(true);
  warning_->hide();
  metric_->setAccessibleName("Metric of the curves");
  metric_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  curves_->add_control(metric_);
  curves_->set_zoomable();
  build_empty();
  columns_ = splitter(Qt::Horizontal, build_tables(), curves_);
  columns_->setStretchFactor(0, 1);
  columns_->setStretchFactor(1, 1);
  whole_->addWidget(empty_);
  whole_->addWidget(columns_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->addWidget(build_bar());
  column->addWidget(warning_);
  column->addWidget(whole_, 1);
  connect(&comparison_, &RunComparison::changed, this, &CompareView::take);
  connect(all_, &QCheckBox::toggled, &settings_, &SettingsDifference::set_all);
  connect(metric_, &QComboBox::activated, this, [this] {
    kept_metric_ = metric_->currentText();
    curves_->show_all();
    draw_curves();
  });
  connect(&context.navigator, &Navigator::compare, this, [this](const QStringList& uuids) {
    if (uuids.size() == 2) compare(uuids[0], uuids[1]);
  });
  connect(&context.lab, &LabModel::opened, this, &CompareView::update_state);
  take();
}

QWidget* CompareView::build_bar() {
  auto* box = new QWidget;
  auto* grid = new QGridLayout(box);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setVerticalSpacing(3);
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const int row = static_cast<int>(side);
    lines_[side] = new QLineEdit(box);
    lines_[side]->setPlaceholderText("a run's uuid, or its first digits");
    lines_[side]->setAccessibleName(QString("Run ") + kSides[side]);
    lines_[side]->setClearButtonEnabled(true);
    lines_[side]->setFixedWidth(lines_[side]->fontMetrics().horizontalAdvance(QString(41, '0')));
    connect(lines_[side], &QLineEdit::returnPressed, this, &CompareView::ask);
    titles_[side] = plain_label({}, box);
    titles_[side]->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* name = plain_label(QString("Run ") + kSides[side], box);
    grid->addWidget(name, row, 0);
    grid->addWidget(lines_[side], row, 1);
    grid->addWidget(titles_[side], row, 2);
  }
  grid->setColumnStretch(2, 1);
  const auto add = [&](const QString& text, const QString& tip, int row,
                       const std::function<void()>& run) {
    auto* button = new QPushButton(text, box);
    button->setToolTip(tip);
    connect(button, &QPushButton::clicked, this, run);
    grid->addWidget(button, row, 3);
    return button;
  };
  add("Compare", "Lay the two runs side by side", 0, [this] { ask(); });
  add("Swap", "A becomes B, and B becomes A", 1,
      [this] { compare(lines_[1]->text(), lines_[0]->text()); });
  return box;
}

QWidget* CompareView::build_tables() {
  auto* upper = new QWidget;
  auto* column = new QVBoxLayout(upper);
  column->setContentsMargins(0, 0, 0, 0);
  lines_pane_ = new TablePane("Settings of both runs", settings_, context_.messages);
  lines_pane_->expression()->setPlaceholderText("Filter, e.g. part=spec and key~train");
  column->addWidget(all_);
  column->addWidget(lines_pane_, 1);
  metrics_pane_ = new TablePane("Metrics of both runs", metrics_, context_.messages);
  metrics_pane_->expression()->setPlaceholderText("Filter, e.g. part=test and difference>0");
  tables_ = splitter(Qt::Vertical, upper, metrics_pane_);
  tables_->setStretchFactor(0, 1);
  return tables_;
}

void CompareView::build_empty() {
  to_runs_ = empty_->add_button("Go to Runs", [this] { Q_EMIT context_.navigator.page("runs"); });
  stop_ = empty_->add_button("Cancel", [this] {
    comparison_.cancel();
    update_state();
  });
}

void CompareView::compare(const QString& a, const QString& b) {
  lines_[0]->setText(a.trimmed());
  lines_[1]->setText(b.trimmed());
  comparison_.compare(a, b);
}

void CompareView::take() {
  const auto& result = comparison_.result();
  settings_.show_lines(result ? result->lines : std::vector<ComparedLine>());
  metrics_.show_metrics(result ? result->metrics : std::vector<ComparedMetric>());
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const QString title = result ? shown(result->runs[side].title) : QString();
    titles_[side]->setText(title);
    titles_[side]->setToolTip(plain_tip(title));
    if (result) lines_[side]->setText(to_qt(result->runs[side].uuid));
  }
  const bool warned = result && !result->warnings.empty();
  warning_->setVisible(warned);
  if (warned) {
    warning_->setText("The metrics cannot be compared: the runs were ranked on " +
                      shown(joined(result->warnings, ", and on ")) + ".");
  }
  QStringList metrics;
  if (result) {
    for (const std::string& metric : result->curve_metrics) metrics << to_qt(metric);
    fill_box(metric_, metrics, kept_metric_, first_curve(result->curve_metrics));
  }
  metric_->setVisible(!metrics.isEmpty());
  curves_->show_text("");  // forgets the zoom of the runs before
  draw_curves();
  update_state();
}

void CompareView::draw_curves() {
  const auto& result = comparison_.result();
  if (!result) return;
  QStringList why;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    if (!result->runs[side].why_no_curves.empty())
      why << QString("Run %1 has no curves: ").arg(kSides[side]) +
                 shown(result->runs[side].why_no_curves) + ".";
  }
  const std::vector<PlotLine> lines = compared_curves(*result, to_std(metric_->currentText()));
  if (lines.empty()) return curves_->show_text(why.join(" "));
  if (lines.size() == 1 && why.isEmpty()) why << "Only one of the runs has this curve.";
  LineOptions options{"step", metric_->currentText()};
  options.band = Band::kNone;
  curves_->show_plot(
      [lines, options](QCustomPlot& plot, const PlotTheme& theme, LegendPlace legend) {
        LineOptions own = options;
        own.legend = legend;
        gui::draw_lines(plot, theme, lines, own);
      },
      why.join(" "));
}

void CompareView::update_state() {
  const bool has = comparison_.result() != nullptr;
  const bool busy = comparison_.is_busy();
  whole_->setCurrentIndex(has ? 1 : 0);
  all_->setEnabled(has);
  stop_->setVisible(busy);
  to_runs_->setVisible(!busy);
  if (busy) {
    empty_->set_text("Reading two runs…", "");
  } else if (!context_.lab.is_open()) {
    empty_->set_text("There is no lab yet", "The page Runs opens a lab, or makes one.");
  } else if (!comparison_.problem().isEmpty()) {
    empty_->set_text("These runs cannot be compared", comparison_.problem());
  } else {
    empty_->set_text("Choose two runs",
                     "Select two rows of a table on the page Runs and choose “Compare the selected "
                     "runs” in their menu, or type the first digits of two uuids above.");
  }
}

void CompareView::save(QSettings& settings) const {
  settings.setValue("columns", sizes_of(columns_));
  settings.setValue("tables", sizes_of(tables_));
  settings.setValue("all", all_->isChecked());
  settings.setValue("curve", kept_metric_);
  settings.beginGroup("lines");
  lines_pane_->save(settings);
  settings.endGroup();
  settings.beginGroup("metrics");
  metrics_pane_->save(settings);
  settings.endGroup();
}

void CompareView::restore(QSettings& settings) {
  set_sizes(columns_, settings.value("columns").toString(), {640, 520});
  set_sizes(tables_, settings.value("tables").toString(), {360, 260});
  all_->setChecked(settings.value("all", false).toBool());
  kept_metric_ = settings.value("curve").toString();
  settings.beginGroup("lines");
  lines_pane_->restore(settings);
  settings.endGroup();
  settings.beginGroup("metrics");
  metrics_pane_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
