#include "gui/view/plot_grid.h"

#include <algorithm>

#include "core/report/json_path.h"
#include "gui/model/run_files.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr const char* kReading = "Reading…";
constexpr int kBarHeight = 19, kBarMargin = 48, kTallest = 20000;

QComboBox* choice(const QString& name, const QString& tip, QWidget* parent) {
  auto* box = new QComboBox(parent);
  box->setAccessibleName(name);
  box->setToolTip(tip);
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  return box;
}

// The metric by which the runs were stopped, otherwise a loss.
QString first_curve(const PlotTable& table, const std::vector<std::string>& metrics) {
  const auto has = [&](const std::string& metric) {
    return std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
  };
  for (const report::Row& row : table.pivot.rows) {
    if (row.finished.empty()) continue;
    const std::string stop = report::text_at(row.finished.front().run.spec, "train.stop_on");
    if (has(stop)) return to_qt(stop);
  }
  for (const std::string& metric : metrics) {
    if (curve_group(metric) == CurveGroup::kLoss) return to_qt(metric);
  }
  return metrics.empty() ? QString() : to_qt(metrics.front());
}

void add_sentence(QString* text, const QString& sentence) {
  *text += (text->isEmpty() ? "" : " ") + sentence;
}

QString runs_text(size_t runs) { return to_qt(counted(static_cast<int64_t>(runs), "run")); }

}  // namespace

void fill_box(QComboBox* box, const QStringList& names, const QString& kept, const QString& first) {
  QStringList now;
  for (int i = 0; i < box->count(); ++i) now << box->itemText(i);
  const QSignalBlocker quiet(box);
  if (now != names) {
    box->clear();
    box->addItems(names);
  }
  const int place = box->findText(kept, Qt::MatchExactly | Qt::MatchCaseSensitive);
  box->setCurrentIndex(place >= 0 ? place : box->findText(first, Qt::MatchExactly));
  if (box->currentIndex() < 0 && box->count() > 0) box->setCurrentIndex(0);
}

PlotGrid::PlotGrid(PlotData& data, QWidget* parent)
    : QWidget(parent), data_(data), grid_(new QGridLayout(this)) {
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setSpacing(8);
  bars_ = add_panel("bars", "Bars");
  curves_ = add_panel("curves", "Curves");
  cuts_ = add_panel("k", "Metric against k");
  sweep_ = add_panel("sweep", "Parameter sweep");
  curve_metric_ = choice("Metric of the curves", "What the curves show", curves_);
  band_ = choice("Band around the curves", "What the band around a mean shows", curves_);
  band_->addItems({"95 % interval", "range of the seeds", "no band"});
  axis_ = choice("Parameter of the sweep", "The axis whose numbers are swept", sweep_);
  log_ = new QCheckBox("log scale", sweep_);
  log_->setToolTip("Logarithmic scale for the parameter");
  curves_->add_control(curve_metric_);
  curves_->add_control(band_);
  sweep_->add_control(axis_);
  sweep_->add_control(log_);
  for (PlotPanel* panel : {curves_, cuts_, sweep_}) panel->set_zoomable();
  connect(curve_metric_, &QComboBox::activated, this, [this] {
    kept_metric_ = curve_metric_->currentText();
    curves_->show_all();
    Q_EMIT choice_changed();
  });
  connect(band_, &QComboBox::activated, this, &PlotGrid::choice_changed);
  connect(axis_, &QComboBox::activated, this, [this] {
    kept_axis_ = axis_->currentText();
    sweep_->show_all();
    Q_EMIT choice_changed();
  });
  connect(log_, &QCheckBox::toggled, this, [this] {
    sweep_->show_all();
    Q_EMIT choice_changed();
  });
  connect(&data, &PlotData::curves_changed, this, &PlotGrid::update_curves);
  connect(&data, &PlotData::cuts_changed, this, &PlotGrid::update_cuts);
  connect(&data, &PlotData::busy_changed, this, [this] {
    if (data_.is_busy()) return;
    for (PlotPanel* panel : {curves_, cuts_}) {
      if (panel->text() == kReading)
        panel->show_text("Not read. The command “Read the plots again” reads it.");
    }
  });
  show_only("");
}

PlotPanel* PlotGrid::add_panel(const QString& name, const QString& title) {
  auto* panel = new PlotPanel(name, title, PlotPanel::Legend::kInFiles, this);
  panels_.push_back(panel);
  return panel;
}

PlotPanel* PlotGrid::panel(const QString& name) const {
  for (PlotPanel* panel : panels_) {
    if (panel->name() == name) return panel;
  }
  return nullptr;
}

void PlotGrid::show_only(const QString& plot) {
  only_ = panel(plot) != nullptr ? plot : QString();
  for (size_t i = 0; i < panels_.size(); ++i) {
    grid_->removeWidget(panels_[i]);
    const int place = only_.isEmpty() ? static_cast<int>(i) : 0;
    const bool shown = only_.isEmpty() || panels_[i]->name() == only_;
    if (shown) grid_->addWidget(panels_[i], place / 2, place % 2);
    panels_[i]->setVisible(shown);
  }
  for (const int second : {0, 1}) {
    const int stretch = second == 0 || only_.isEmpty() ? 1 : 0;
    grid_->setRowStretch(second, stretch);
    grid_->setColumnStretch(second, stretch);
  }
}

bool PlotGrid::is_wanted(const PlotPanel* panel) const {
  return wanted_.all_plots || only_.isEmpty() || panel->name() == only_;
}

void PlotGrid::update_plots(const Wanted& wanted) {
  wanted_ = wanted;
  fill_controls();
  if (is_wanted(bars_)) update_bars();
  if (is_wanted(curves_)) update_curves();
  if (is_wanted(cuts_)) update_cuts();
  if (is_wanted(sweep_)) update_sweep();
}

void PlotGrid::fill_controls() {
  const auto& table = data_.table();
  if (table == filled_) return;
  filled_ = table;
  QStringList metrics, axes;
  QString first_axis;
  if (table) {
    for (const std::string& metric : data_.curve_metrics()) metrics << to_qt(metric);
    for (const std::string& axis : numeric_axes(*table)) axes << to_qt(axis);
    fill_box(curve_metric_, metrics, kept_metric_, first_curve(*table, data_.curve_metrics()));
  }
  fill_box(axis_, axes, kept_axis_, "");
  for (QWidget* control : {static_cast<QWidget*>(curve_metric_), static_cast<QWidget*>(band_)})
    control->setVisible(!metrics.isEmpty());
  axis_->setVisible(!axes.isEmpty());
  log_->setVisible(!axes.isEmpty());
}

QString PlotGrid::column_title() const {
  return shown(data_.table()->pivot.columns.at(wanted_.column).title);
}

void PlotGrid::update_bars() {
  const auto& table = data_.table();
  if (!table) return bars_->show_text("");
  const auto groups = bars_of(*table, wanted_.cells, wanted_.column);
  if (groups.empty()) {
    return bars_->show_text(wanted_.cells.empty()
                                ? "No row is chosen: tick some in the list on the right."
                                : "No finished run has this metric. Bars appear as runs finish.");
  }
  const size_t lines = bar_lines(groups);
  bars_->set_plot_height(std::min(static_cast<int>(lines) * kBarHeight + kBarMargin, kTallest));
  QString note = "Mean with its 95 % interval over seeds.";
  bool one = false, floor = false;
  for (const BarGroup& group : groups) {
    floor = floor || !group.floors.empty();
    for (const Bar& bar : group.bars) one = one || !bar.summary.half_width;
  }
  if (one) add_sentence(&note, "One run has no interval.");
  if (floor) add_sentence(&note, "Dashed: the best training-free row; dotted: the others.");
  if (groups.size() > 1) {
    add_sentence(&note, to_qt(counted(static_cast<int64_t>(groups.size()), "block")) +
                            ": other data, splits or protocols, which cannot be compared.");
  }
  bars_->show_plot(
      [groups, title = column_title()](QCustomPlot& plot, const PlotTheme& theme, LegendPlace) {
        draw_bars(plot, theme, groups, title);
      },
      note);
}

void PlotGrid::update_curves() {
  const auto& table = data_.table();
  if (!table) return curves_->show_text("");
  if (!is_wanted(curves_)) return;
  const std::string metric = to_std(curve_metric_->currentText());
  if (metric.empty()) {
    return curves_->show_text(
        "No run of this experiment has curves. Training writes them; training-free rows and "
        "imported ranks have none.");
  }
  data_.want_curves(metric, wanted_.cells);
  std::vector<PlotLine> lines;
  size_t imported = 0, without = 0;
  double averaged = 0;
  bool fewer = false;
  for (const size_t cell : wanted_.cells) {
    const PlotData::Curves* curves = data_.curves(metric, cell);
    // What is shown stays until all that is asked for is there.
    if (curves == nullptr) return curves_->has_plot() ? void() : curves_->show_text(kReading);
    imported += curves->imported;
    without += curves->without;
    averaged = std::max(averaged, curves->averaged);
    if (curves->mean.points.empty()) continue;
    fewer = fewer || curves->mean.complete < curves->mean.points.size();
    lines.push_back(curves->mean);
  }
  QString note = "Mean over seeds.";
  if (fewer) add_sentence(&note, "Dotted: fewer seeds, because some runs stopped earlier.");
  if (averaged > 0)
    add_sentence(&note, "Averaged over " + QString::number(averaged) + " steps each.");
  if (imported > 0)
    add_sentence(&note, runs_text(imported) + " imported from elsewhere, without curves.");
  if (without > 0) add_sentence(&note, runs_text(without) + " without this curve.");
  if (lines.empty()) {
    return curves_->show_text("None of the chosen rows has this curve. " +
                              (imported + without > 0 ? note.section(". ", 1) : QString()));
  }
  LineOptions options{"step", shown(metric)};
  options.band = static_cast<Band>(band_->currentIndex());
  curves_->show_plot(
      [lines, options](QCustomPlot& plot, const PlotTheme& theme, LegendPlace legend) {
        LineOptions own = options;
        own.legend = legend;
        draw_lines(plot, theme, lines, own);
      },
      note);
}

void PlotGrid::update_cuts() {
  const auto& table = data_.table();
  if (!table) return cuts_->show_text("");
  if (!is_wanted(cuts_)) return;
  const report::Column& column = table->pivot.columns.at(wanted_.column);
  const std::string metric = eval::parse_metric(column.metric).first;
  data_.want_cuts(wanted_.cells);
  std::vector<PlotLine> lines;
  size_t without = 0;
  for (const size_t cell : wanted_.cells) {
    const CellCuts* cuts = data_.cuts(cell);
    if (cuts == nullptr) return cuts_->has_plot() ? void() : cuts_->show_text(kReading);
    without += cuts->without_ranks;
    if (!of_metric(*cuts, metric).points.empty()) lines.push_back(of_metric(*cuts, metric));
  }
  if (lines.empty()) return cuts_->show_text("No finished run of the chosen rows has metrics.");
  QString note =
      table->pivot.closed ? "Validation, because the test part is closed." : "Of the test part.";
  if (without > 0) {
    add_sentence(&note, "The lab lacks the ranks of " + runs_text(without) +
                            ": only the stored cuts of such rows are shown.");
  }
  LineOptions options{"k", shown(metric).toUpper() + "@k"};
  options.whiskers = options.log = options.all_markers = options.x_ticks = true;
  cuts_->show_plot(
      [lines, options](QCustomPlot& plot, const PlotTheme& theme, LegendPlace legend) {
        LineOptions own = options;
        own.legend = legend;
        draw_lines(plot, theme, lines, own);
      },
      note);
}

void PlotGrid::update_sweep() {
  const auto& table = data_.table();
  if (!table) return sweep_->show_text("");
  const QString axis = axis_->currentText();
  if (axis.isEmpty()) {
    return sweep_->show_text(
        "This experiment varies no number. A list of numbers in the grid of a spec, such as "
        "train.learning_rate: [0.001, 0.002, 0.005], gives a sweep.");
  }
  const Sweep sweep = sweep_of(*table, wanted_.cells, to_std(axis), wanted_.column);
  if (sweep.lines.empty())
    return sweep_->show_text("No finished run of the chosen rows has this metric.");
  LineOptions options{axis, column_title()};
  options.whiskers = options.all_markers = true;
  options.log = log_->isChecked() && sweep.positive;
  options.x_ticks = options.log;
  QString note = "Ringed: the best of each line.";
  if (table->pivot.columns.at(wanted_.column).part == "test") {
    add_sentence(&note, "This is the test part: choose settings by a validation metric instead.");
  }
  if (log_->isChecked() && !sweep.positive)
    add_sentence(&note, "No log scale, because a number is not above 0.");
  if (sweep.without_number > 0)
    add_sentence(&note, to_qt(counted(static_cast<int64_t>(sweep.without_number), "row")) +
                            " without a number left out.");
  sweep_->show_plot(
      [sweep, options](QCustomPlot& plot, const PlotTheme& theme, LegendPlace) {
        LineOptions own = options;
        own.legend = LegendPlace::kBeside;  // its lines are not the rows of the list
        draw_lines(plot, theme, sweep.lines, own);
        draw_best(plot, theme, sweep);
      },
      note);
}

std::pair<QString, QString> PlotGrid::file_names(const PlotPanel* panel) const {
  if (panel == curves_) return {panel->name(), curve_metric_->currentText()};
  const report::Column& column = data_.table()->pivot.columns.at(wanted_.column);
  const std::string part = column.part == "valid" ? "valid_" : "";
  if (panel == cuts_) return {panel->name(), to_qt(eval::parse_metric(column.metric).first)};
  const QString plot = panel == sweep_ ? "sweep_" + axis_->currentText() : panel->name();
  return {plot, to_qt(part + column.metric)};
}

void PlotGrid::save(QSettings& settings) const {
  settings.setValue("plot", only_);
  settings.setValue("curve", kept_metric_);
  settings.setValue("band", band_->currentIndex());
  settings.setValue("parameter", kept_axis_);
  settings.setValue("log", log_->isChecked());
}

void PlotGrid::restore(QSettings& settings) {
  show_only(settings.value("plot").toString());
  kept_metric_ = settings.value("curve").toString();
  kept_axis_ = settings.value("parameter").toString();
  band_->setCurrentIndex(std::clamp(settings.value("band", 0).toInt(), 0, 2));
  log_->setChecked(settings.value("log", false).toBool());
}

}  // namespace lea::gui
