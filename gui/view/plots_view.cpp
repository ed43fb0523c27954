#include "gui/view/plots_view.h"

#include <QButtonGroup>
#include <QFileDialog>
#include <QVBoxLayout>

#include "gui/model/settings.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

struct Kind {
  const char *plot, *title, *tip;
};
constexpr Kind kKinds[] = {{"", "All", "All plots side by side"},
                           {"bars", "Bars", "Means with their intervals"},
                           {"curves", "Curves", "A metric or a loss against the step"},
                           {"k", "By k", "A metric against k"},
                           {"sweep", "Sweep", "A metric against a parameter"}};

}  // namespace

PlotsView::PlotsView(const Context& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      data_(context.lab),
      whole_(new QStackedWidget(this)),
      empty_(new EmptyState(this)),
      columns_(new QSplitter(Qt::Horizontal, this)),
      experiment_(new QComboBox(this)),
      metric_(new QComboBox(this)),
      cancel_(new QToolButton(this)),
      rows_(new QListWidget(this)),
      rows_note_(plain_label({}, this)),
      plots_(new PlotGrid(data_, this)),
      exporter_(new PlotExporter(context, data_, *plots_, this)) {
  add_actions();
  build_empty();
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 4, 0, 0);
  column->addWidget(build_bar());
  columns_->addWidget(plots_);
  columns_->addWidget(build_rows());
  columns_->setStretchFactor(0, 1);
  columns_->setCollapsible(0, false);
  column->addWidget(columns_, 1);
  whole_->addWidget(empty_);
  whole_->addWidget(content);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(whole_);

  drawing_.setSingleShot(true);
  drawing_.setInterval(0);
  connect(&drawing_, &QTimer::timeout, this, &PlotsView::draw);
  connect(&data_, &PlotData::experiments_changed, this, &PlotsView::fill_experiments);
  connect(&data_, &PlotData::table_changed, this, &PlotsView::take_table);
  connect(&data_, &PlotData::busy_changed, this, [this] {
    cancel_->setEnabled(data_.is_busy());
    update_state();
  });
  connect(exporter_, &PlotExporter::draw_wanted, this, &PlotsView::draw);
  connect(exporter_, &PlotExporter::changed, this, &PlotsView::update_state);
  connect(plots_, &PlotGrid::choice_changed, this, &PlotsView::draw_soon);
  connect(&context.lab, &LabModel::refreshing_changed, this, &PlotsView::update_state);
  update_state();
}

void PlotsView::add_actions() {
  export_ = context_.actions.add("plots.export", "Export all plots of the experiment",
                                 [this] { choose_folder(); });
  export_->setIconText("Export…");
  export_->setToolTip("Write all plots of the experiment into a folder, as PNG and SVG");
  reload_ =
      context_.actions.add("plots.reload", "Read the plots again", [this] { data_.reload(); });
}

QWidget* PlotsView::build_bar() {
  auto* box = new QWidget;
  auto* bar = new QHBoxLayout(box);
  bar->setContentsMargins(0, 0, 0, 0);
  experiment_->setAccessibleName("Experiment");
  experiment_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  experiment_->setMaximumWidth(320);
  metric_->setAccessibleName("Metric");
  metric_->setToolTip("The metric of the bars, of the cuts and of the sweep");
  metric_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  cancel_->setText("Cancel");
  cancel_->setToolTip("End what is being read");
  cancel_->setEnabled(false);
  connect(cancel_, &QToolButton::clicked, &data_, &PlotData::cancel);
  connect(experiment_, &QComboBox::activated, this,
          [this] { show_experiment(experiment_->currentText()); });
  connect(metric_, &QComboBox::activated, this, [this] {
    kept_metric_ = metric_->currentText();
    draw_soon();
  });
  auto* experiment = new QLabel("&Experiment:", box);
  experiment->setTextFormat(Qt::PlainText);
  experiment->setBuddy(experiment_);
  auto* metric = new QLabel("&Metric:", box);
  metric->setTextFormat(Qt::PlainText);
  metric->setBuddy(metric_);
  for (QWidget* widget : std::initializer_list<QWidget*>{experiment, experiment_, metric, metric_})
    bar->addWidget(widget);
  bar->addSpacing(12);
  auto* group = new QButtonGroup(box);
  for (const Kind& kind : kKinds) {
    auto* button = new QToolButton(box);
    button->setText(kind.title);
    button->setToolTip(kind.tip);
    button->setCheckable(true);
    group->addButton(button);
    kinds_.push_back(button);
    bar->addWidget(button);
    connect(button, &QToolButton::clicked, this, [this, plot = QString(kind.plot)] {
      plots_->show_only(plot);
      draw_soon();
    });
  }
  kinds_.front()->setChecked(true);
  bar->addStretch(1);
  bar->addWidget(cancel_);
  auto* save = new QToolButton(box);
  save->setDefaultAction(export_);
  bar->addWidget(save);
  return box;
}

QWidget* PlotsView::build_rows() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(4, 0, 0, 0);
  rows_->setAccessibleName("Rows that are drawn");
  rows_->setIconSize(QSize(30, 14));
  rows_->setUniformItemSizes(true);
  rows_->setTextElideMode(Qt::ElideMiddle);
  connect(rows_, &QListWidget::itemChanged, this, &PlotsView::row_ticked);
  // A click anywhere on a row hides or shows it, as in a legend. Qt itself does so for the box alone.
  connect(rows_, &QListWidget::itemPressed, this,
          [this](QListWidgetItem* item) { pressed_ = item->checkState(); });
  connect(rows_, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) {
    if (item->checkState() == pressed_)
      item->setCheckState(pressed_ == Qt::Checked ? Qt::Unchecked : Qt::Checked);
  });
  rows_note_->setWordWrap(true);
  auto* buttons = new QHBoxLayout;
  const auto add = [&](const QString& text, const QString& tip,
                       const std::function<bool(size_t)>& ticked) {
    auto* button = new QToolButton(box);
    button->setText(text);
    button->setToolTip(tip);
    connect(button, &QToolButton::clicked, this, [this, ticked] { tick_rows(ticked); });
    buttons->addWidget(button);
  };
  add("All rows", "Draw all rows of the table", [](size_t) { return true; });
  add(QString("First %1").arg(kFirstRows), "Draw the first rows of the table",
      [](size_t row) { return row < kFirstRows; });
  add("No row", "Draw no row, to tick a few", [](size_t) { return false; });
  buttons->addStretch(1);
  column->addWidget(rows_note_);
  column->addWidget(rows_, 1);
  column->addLayout(buttons);
  box->setMinimumWidth(150);
  return box;
}

void PlotsView::build_empty() {
  to_runs_ = empty_->add_button("Go to Runs", [this] { Q_EMIT context_.navigator.page("runs"); });
  to_experiment_ = empty_->add_button("Go to Experiment",
                                      [this] { Q_EMIT context_.navigator.page("experiment"); });
}

void PlotsView::show_experiment(const QString& name) {
  if (name.isEmpty()) return;
  if (name != data_.experiment()) {
    added_.clear();
    removed_.clear();
    exporter_->stop();
  }
  kept_experiment_ = name;
  data_.choose(name);
  fill_experiments();
}

void PlotsView::fill_experiments() {
  const QStringList& names = data_.experiments();
  const QString first = names.isEmpty() ? QString() : names.front();
  fill_box(experiment_, names, kept_experiment_, first);
  if (kept_experiment_.isEmpty()) kept_experiment_ = experiment_->currentText();
  if (!names.isEmpty()) data_.choose(experiment_->currentText());
  update_state();
}

void PlotsView::take_table() {
  if (!data_.table()) {
    for (PlotPanel* panel : plots_->panels()) panel->show_text("");
  }
  fill_rows();
  update_state();
  draw_soon();
}

void PlotsView::fill_rows() {
  const auto& table = data_.table();
  if (table == filled_) return;
  filled_ = table;
  shown_.clear();
  const QSignalBlocker quiet(rows_);
  rows_->clear();
  QStringList titles;
  if (table) {
    for (const report::Column& column : table->pivot.columns) titles << shown(column.title);
    size_t floors = 0;
    for (size_t i = 0; i < table->cells.size(); ++i) {
      const PlotCell& cell = table->cells[i];
      const bool first = cell.floor ? floors++ < kFirstFloors : i < kFirstRows;
      const bool ticked = (first || added_.contains(cell.name)) && !removed_.contains(cell.name);
      if (ticked) shown_.insert(i);
      auto* item = new QListWidgetItem(shown(cell.name), rows_);
      item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
      item->setCheckState(ticked ? Qt::Checked : Qt::Unchecked);
      item->setToolTip(plain_tip(shown(cell.name) + (cell.floor ? "\ntraining-free" : "")));
    }
    if (!titles.isEmpty()) {
      fill_box(metric_, titles, kept_metric_,
               titles.at(static_cast<qsizetype>(main_column(table->pivot))));
    }
  }
  paint_rows();
}

void PlotsView::paint_rows() {
  const auto& table = data_.table();
  if (!table) return;
  const QSignalBlocker quiet(rows_);
  const PlotTheme theme = theme_of(*this);
  std::map<std::pair<size_t, bool>, QIcon> icons;
  for (size_t i = 0; i < table->cells.size(); ++i) {
    const PlotCell& cell = table->cells[i];
    const auto [icon, fresh] = icons.try_emplace({cell.style % 32, cell.floor});
    if (fresh) icon->second = line_icon(cell.style, cell.floor, theme);
    rows_->item(static_cast<int>(i))->setIcon(icon->second);
  }
}

void PlotsView::tick_rows(const std::function<bool(size_t)>& ticked) {
  for (int row = 0; row < rows_->count(); ++row) {
    rows_->item(row)->setCheckState(ticked(static_cast<size_t>(row)) ? Qt::Checked : Qt::Unchecked);
  }
}

void PlotsView::row_ticked(QListWidgetItem* item) {
  const auto& table = data_.table();
  const auto row = static_cast<size_t>(rows_->row(item));
  if (!table || row >= table->cells.size()) return;
  const bool ticked = item->checkState() == Qt::Checked;
  const std::string& name = table->cells[row].name;
  (ticked ? removed_ : added_).erase(name);
  (ticked ? added_ : removed_).insert(name);
  ticked ? void(shown_.insert(row)) : void(shown_.erase(row));
  draw_soon();
}

void PlotsView::update_state() {
  const LabModel& lab = context_.lab;
  const bool none = data_.experiments().isEmpty();
  whole_->setCurrentIndex(none ? 0 : 1);
  to_runs_->setVisible(!lab.is_open());
  to_experiment_->setVisible(lab.is_open());
  export_->setEnabled(data_.table() != nullptr && !exporter_->is_working());
  if (!lab.is_open()) {
    empty_->set_text("There is no lab yet", "The page Runs opens a lab, or makes one.");
  } else {
    empty_->set_text(lab.is_refreshing() ? "Looking for runs…" : "There is nothing to plot yet",
                     "Launch a spec on the page Experiment. Its plots appear here as its runs "
                     "finish.");
  }
  const auto& table = data_.table();
  const size_t all = table ? table->cells.size() : 0;
  rows_note_->setText(table             ? QString("%1 of %2 drawn").arg(shown_.size()).arg(all)
                      : data_.is_busy() ? "Reading…"
                      : data_.is_read() ? "This experiment has no runs."
                      : data_.experiment().isEmpty()
                          ? ""
                          : "Not read. The command “Read the plots again” reads it.");
}

void PlotsView::draw() {
  const auto& table = data_.table();
  if (!table || table->pivot.columns.empty()) {
    for (PlotPanel* panel : plots_->panels()) {
      panel->show_text(table             ? "No run has finished yet. Plots appear as runs finish."
                       : data_.is_busy() ? "Reading…"
                                         : "");
    }
    return update_state();
  }
  plots_->update_plots(
      {shown_, static_cast<size_t>(std::max(metric_->currentIndex(), 0)), exporter_->is_working()});
  update_state();
}

void PlotsView::choose_folder() {
  const QString folder = QFileDialog::getExistingDirectory(this, "Export all plots into a folder");
  if (!folder.isEmpty()) exporter_->begin(folder);
}

void PlotsView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  data_.set_watched(true);
}

void PlotsView::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  data_.set_watched(false);
}

void PlotsView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) paint_rows();
  QWidget::changeEvent(event);
}

void PlotsView::save(QSettings& settings) const {
  settings.setValue("experiment", data_.experiment());
  settings.setValue("metric", kept_metric_);
  const QList<int> sizes = columns_->sizes();
  settings.setValue("columns", number_list({sizes.begin(), sizes.end()}));
  plots_->save(settings);
}

void PlotsView::restore(QSettings& settings) {
  kept_metric_ = settings.value("metric").toString();
  const auto sizes = numbers_in(settings.value("columns").toString());
  columns_->setSizes(sizes.size() == 2 ? QList<int>(sizes.begin(), sizes.end())
                                       : QList<int>{900, 220});
  plots_->restore(settings);
  for (size_t i = 0; i < kinds_.size(); ++i)
    kinds_[i]->setChecked(plots_->shown_plot() == kKinds[i].plot);
  show_experiment(settings.value("experiment").toString());
}

}  // namespace lea::gui
