#include "gui/view/matrix_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLocale>
#include <QSaveFile>
#include <QVBoxLayout>
#include <algorithm>

#include "core/base/error.h"
#include "gui/model/settings.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kBusyMilliseconds = 400;  // a shorter query needs no way to end it
constexpr int kAllRunsRole = Qt::UserRole + 1;

QToolButton* button_for(QAction* action, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setDefaultAction(action);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  button->setAccessibleName(action->text());
  return button;
}

QComboBox* choice(const QString& name, const std::vector<std::pair<QString, QString>>& entries,
                  QWidget* parent) {
  auto* box = new QComboBox(parent);
  box->setAccessibleName(name);
  box->setToolTip(name);
  for (const auto& [text, value] : entries) box->addItem(text, value);
  return box;
}

}  // namespace

MatrixPanel::MatrixPanel(const Context& context, QWidget* parent)
    : QWidget(parent), context_(context), model_(context.lab) {
  add_actions();
  columns_ = new QSplitter(Qt::Horizontal);
  columns_->addWidget(build_experiments());
  columns_->addWidget(build_middle());
  cell_ = new CellPanel(context_, model_);
  columns_->addWidget(cell_);
  columns_->setStretchFactor(1, 1);
  whole_ = new QStackedWidget(this);
  build_empty();
  whole_->addWidget(columns_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(4, 4, 4, 4);
  column->addWidget(whole_);
  busy_.setSingleShot(true);
  busy_.setInterval(kBusyMilliseconds);
  connect(&busy_, &QTimer::timeout, this, [this] { cancel_->setVisible(model_.is_busy()); });
  connect(&model_, &MatrixModel::busy_changed, this, [this] {
    if (!model_.is_busy()) cancel_->hide();
    model_.is_busy() ? busy_.start() : busy_.stop();
  });
  connect(&model_, &MatrixModel::changed, this, &MatrixPanel::update);
  connect(&model_, &MatrixModel::experiments_changed, this, &MatrixPanel::fill_experiments);
  connect(&context_.launcher, &Launcher::starting_changed, this, &MatrixPanel::update_actions);
  fill_experiments();
  update();
}

void MatrixPanel::add_actions() {
  ActionList& actions = context_.actions;
  fill_ =
      actions.add("results.fill", "Fill the missing cells of the matrix", [this] { fill_gaps(); });
  fill_->setIconText("Fill the missing cells");
  as_table_ = actions.add("results.as_table", "Show the matrix as `lealab table` prints it",
                          [this] { change([](MatrixState* state) { state->view.reset(); }); });
  as_table_->setIconText("As the table");
  command_ = actions.add("results.copy_command", "Copy the table as a command",
                         [this] { QApplication::clipboard()->setText(model_.command()); });
  command_->setIconText("Copy as command");
  latex_ = actions.add("results.copy_latex", "Copy the matrix as LaTeX", [this] { copy("latex"); });
  markdown_ = actions.add("results.copy_markdown", "Copy the matrix as Markdown",
                          [this] { copy("markdown"); });
  csv_ = actions.add("results.copy_csv", "Copy the matrix as CSV", [this] { copy("csv"); });
  save_ = actions.add("results.save", "Save the matrix as LaTeX, Markdown or CSV…",
                      [this] { save_as(); });
}

QWidget* MatrixPanel::build_experiments() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 4, 0);
  wanted_ = new QLineEdit(box);
  wanted_->setPlaceholderText("Find an experiment");
  wanted_->setAccessibleName("Find an experiment");
  wanted_->setClearButtonEnabled(true);
  experiments_ = new QListWidget(box);
  experiments_->setAccessibleName("Experiments, newest first");
  experiments_->setTextElideMode(Qt::ElideRight);
  experiments_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  experiments_->setUniformItemSizes(true);
  column->addWidget(wanted_);
  column->addWidget(experiments_, 1);
  box->setMinimumWidth(120);
  connect(wanted_, &QLineEdit::textChanged, this, &MatrixPanel::filter_experiments);
  connect(experiments_, &QListWidget::currentItemChanged, this, &MatrixPanel::choose_experiment);
  return box;
}

QLayout* MatrixPanel::build_bar() {
  auto* bar = new QHBoxLayout;
  cuts_ = new QLineEdit(this);
  cuts_->setPlaceholderText("k as stored");
  cuts_->setAccessibleName("Cuts of the metrics");
  cuts_->setToolTip("Cuts of the metrics, as in 1, 10, 50; blank: those of the runs");
  cuts_->setMaximumWidth(96);
  connect(cuts_, &QLineEdit::editingFinished, this, &MatrixPanel::take_cuts);
  ties_ = choice("Ties between the target and other items",
                 {{"ties as stored", ""},
                  {"pessimistic", "pessimistic"},
                  {"expected", "expected"},
                  {"optimistic", "optimistic"}},
                 this);
  seen_ = choice("Items that the sequence has had before",
                 {{"seen as stored", ""}, {"without seen", "remove"}, {"with seen", "keep"}}, this);
  connect(ties_, &QComboBox::activated, this, [this] {
    change([&](MatrixState* state) { state->ties = to_std(ties_->currentData().toString()); });
  });
  connect(seen_, &QComboBox::activated, this, [this] {
    change([&](MatrixState* state) { state->seen = to_std(seen_->currentData().toString()); });
  });
  cancel_ = new QToolButton(this);
  cancel_->setText("Cancel");
  cancel_->setAccessibleName("Cancel the query");
  cancel_->hide();
  connect(cancel_, &QToolButton::clicked, &model_, &MatrixModel::cancel);
  auto* exports = new QToolButton(this);
  exports->setText("Export");
  exports->setAccessibleName("Export");
  exports->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(exports);
  menu->addActions({latex_, markdown_, csv_});
  menu->addSeparator();
  menu->addActions({save_, command_});
  menu->setToolTipsVisible(true);
  exports->setMenu(menu);
  for (QWidget* widget :
       {static_cast<QWidget*>(cuts_), static_cast<QWidget*>(ties_), static_cast<QWidget*>(seen_)})
    bar->addWidget(widget);
  bar->addStretch();
  bar->addWidget(cancel_);
  bar->addWidget(button_for(fill_, this));
  bar->addWidget(button_for(as_table_, this));
  bar->addWidget(exports);
  return bar;
}

QWidget* MatrixPanel::build_middle() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  zones_ = new AxisZones(box);
  connect(zones_, &AxisZones::view_wanted, this, [this](const report::MatrixView& view) {
    change([&](MatrixState* state) { state->view = view; });
    // A drop has moved an axis already, also where the answer is the view before.
    zones_->show_view(model_.source(), model_.view());
  });
  column->addWidget(zones_);
  column->addLayout(build_bar());
  grid_ = new MatrixGrid(model_.table());
  connect(grid_, &MatrixGrid::chosen, &model_, &MatrixModel::choose);
  // What a key or a double click opens was chosen just before, so its runs may still be on their way.
  connect(grid_, &MatrixGrid::opened, this, [this] {
    auto* once = new QObject(this);
    connect(&model_, &MatrixModel::runs_changed, once, [this, once] {
      once->deleteLater();
      cell_->list_runs();
    });
    model_.choose(grid_->currentIndex());
  });
  no_matrix_ = new EmptyState;
  to_runs_ =
      no_matrix_->add_button("Go to Runs", [this] { Q_EMIT context_.navigator.page("runs"); });
  no_matrix_->add_button("Go to Experiment",
                         [this] { Q_EMIT context_.navigator.page("experiment"); });
  body_ = new QStackedWidget;
  body_->addWidget(grid_);
  body_->addWidget(no_matrix_);
  footer_ = new QPlainTextEdit;
  footer_->setReadOnly(true);
  footer_->setAccessibleName("What stands below the table");
  footer_->setTabChangesFocus(true);
  footer_->setFrameShape(QFrame::NoFrame);
  middle_ = new QSplitter(Qt::Vertical);
  middle_->addWidget(body_);
  middle_->addWidget(footer_);
  middle_->setStretchFactor(0, 1);
  middle_->setCollapsible(0, false);
  column->addWidget(middle_, 1);
  return box;
}

void MatrixPanel::build_empty() {
  empty_ = new EmptyState;
  choose_lab_ = empty_->add_button("Choose a lab…", [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, "Choose a lab");
    if (!folder.isEmpty()) context_.lab.open(to_std(folder));
  });
  make_lab_ =
      empty_->add_button("Make a lab here", [this] { context_.lab.make(context_.lab.missing()); });
  to_experiment_ = empty_->add_button("Go to Experiment",
                                      [this] { Q_EMIT context_.navigator.page("experiment"); });
  whole_->addWidget(empty_);
}

void MatrixPanel::fill_experiments() {
  updating_ = true;
  experiments_->clear();
  for (const MatrixModel::Experiment& one : model_.experiments()) {
    auto* item = new QListWidgetItem(shown(one.name), experiments_);
    item->setData(Qt::UserRole, to_qt(one.name));
    item->setToolTip(plain_tip(shown(one.name) + "\n" + shown(one.created)));
    if (one.name == model_.state().experiment && !model_.state().all_runs)
      experiments_->setCurrentItem(item);
  }
  if (!model_.experiments().empty()) {
    auto* all = new QListWidgetItem("All runs of the lab", experiments_);
    all->setData(kAllRunsRole, true);
    QFont italic = experiments_->font();
    italic.setItalic(true);
    all->setFont(italic);
    if (model_.state().all_runs) experiments_->setCurrentItem(all);
  }
  updating_ = false;
  filter_experiments();
}

void MatrixPanel::filter_experiments() {
  const QString wanted = wanted_->text().trimmed();
  for (int i = 0; i < experiments_->count(); ++i) {
    QListWidgetItem* item = experiments_->item(i);
    item->setHidden(!item->text().contains(wanted, Qt::CaseInsensitive));
  }
}

void MatrixPanel::choose_experiment() {
  const QListWidgetItem* item = experiments_->currentItem();
  if (updating_ || item == nullptr) return;
  change([&](MatrixState* state) {
    state->all_runs = item->data(kAllRunsRole).toBool();
    state->experiment = state->all_runs ? "" : to_std(item->data(Qt::UserRole).toString());
    state->view.reset();
  });
}

void MatrixPanel::change(const std::function<void(MatrixState*)>& change) {
  if (updating_) return;
  MatrixState state = model_.state();
  change(&state);
  model_.set_state(state);
}

void MatrixPanel::take_cuts() {
  try {
    const std::vector<int64_t> cuts = cuts_in(cuts_->text());
    context_.messages.resolve("cuts");
    change([&](MatrixState* state) { state->k = cuts; });
  } catch (const Error& error) {
    context_.messages.error("cuts", to_qt(error.what()));
  }
}

void MatrixPanel::update() {
  updating_ = true;
  const MatrixState& state = model_.state();
  if (!cuts_->hasFocus()) cuts_->setText(cuts_text(state.k));
  ties_->setCurrentIndex(std::max(0, ties_->findData(to_qt(state.ties))));
  seen_->setCurrentIndex(std::max(0, seen_->findData(to_qt(state.seen))));
  zones_->show_view(model_.source(), model_.view());
  const QString footer = model_.footer().join("\n");
  if (footer != footer_->toPlainText()) footer_->setPlainText(footer);
  for (int i = 0; i < experiments_->count(); ++i) {
    QListWidgetItem* item = experiments_->item(i);
    const bool is_shown =
        item->data(kAllRunsRole).toBool()
            ? state.all_runs
            : !state.all_runs && item->data(Qt::UserRole).toString() == to_qt(state.experiment);
    if (is_shown) experiments_->setCurrentItem(item);
  }
  updating_ = false;
  update_empty();
  update_actions();
}

void MatrixPanel::update_empty() {
  using Phase = MatrixModel::Phase;
  const Phase phase = model_.phase();
  const bool no_lab = phase == Phase::kNoLab;
  choose_lab_->setVisible(no_lab);
  make_lab_->setVisible(no_lab);
  to_experiment_->setVisible(!no_lab);
  if (no_lab) {
    empty_->set_text(
        "There is no lab yet",
        "A lab is the folder with your data sets, runs and results. None was found at " +
            shown(context_.lab.missing()) + ". Choose one that you have, or make a new one there.");
  } else {
    empty_->set_text(
        context_.lab.is_refreshing() ? "Looking for results…" : "This lab has no results yet",
        "Open or write a spec on the page Experiment and launch it. Its table is here "
        "as soon as the first run has finished.");
  }
  whole_->setCurrentWidget(no_lab || phase == Phase::kNoExperiment ? static_cast<QWidget*>(empty_)
                                                                   : columns_);
  to_runs_->setVisible(phase == Phase::kNoOutcome);
  // The cells of a grid that has begun are worth a look before the first has finished.
  const bool matrix = phase == Phase::kReady || (phase == Phase::kFailed && model_.source()) ||
                      (phase == Phase::kReading && model_.table().rowCount() > 0);
  if (phase == Phase::kReading) {
    no_matrix_->set_text("Reading the results…", "");
  } else if (phase == Phase::kNoOutcome) {
    no_matrix_->set_text("No run has finished yet",
                         model_.sentence() +
                             " Here, \"Fill the missing cells\" launches them, and the page Runs "
                             "shows what works.");
  } else if (phase == Phase::kFailed) {
    no_matrix_->set_text("The results could not be read", model_.sentence());
  }
  body_->setCurrentWidget(matrix ? static_cast<QWidget*>(grid_) : no_matrix_);
  footer_->setVisible(matrix);
}

void MatrixPanel::update_actions() {
  const bool ready = model_.phase() == MatrixModel::Phase::kReady;
  for (QAction* action : {latex_, markdown_, csv_, save_}) action->setEnabled(ready);
  QString why_not;
  const QString command = model_.command(&why_not);
  as_table_->setEnabled(ready && !model_.is_table() && !model_.state().all_runs);
  command_->setEnabled(!command.isEmpty());
  command_->setToolTip(plain_tip(command.isEmpty() ? why_not : command));
  const MatrixModel::Gaps gaps = model_.gaps();
  const size_t open = gaps.missing + gaps.unfinished;
  fill_->setEnabled(!gaps.spec.empty() && !context_.launcher.is_starting());
  fill_->setIconText(open == 0 ? QString("Fill the missing cells")
                               : QString("Fill %1 missing").arg(QLocale().toString(open)));
  fill_->setToolTip(plain_tip(
      gaps.spec.empty()
          ? gaps.why_not
          : QString("Starts a grid in the background that does what the experiment lacks: %1 not "
                    "run, %2 not finished.\n")
                    .arg(gaps.missing)
                    .arg(gaps.unfinished) +
                context_.launcher.command_line({gaps.spec})));
}

void MatrixPanel::fill_gaps() {
  const MatrixModel::Gaps gaps = model_.gaps();
  if (gaps.spec.empty()) return context_.messages.note("fill", gaps.why_not);
  context_.launcher.start({gaps.spec});
}

void MatrixPanel::copy(const std::string& format) {
  QApplication::clipboard()->setText(model_.rendered(format));
}

void MatrixPanel::save_as() {
  const QString name = model_.state().all_runs ? "all_runs" : shown(model_.state().experiment);
  const QString path = QFileDialog::getSaveFileName(this, "Save the matrix", name + ".tex",
                                                    "LaTeX (*.tex);;Markdown (*.md);;CSV (*.csv)");
  if (path.isEmpty()) return;
  const std::string format = path.endsWith(".csv")  ? "csv"
                             : path.endsWith(".md") ? "markdown"
                                                    : "latex";
  QSaveFile file(path);
  const QByteArray bytes = model_.rendered(format).toUtf8();
  if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) {
    context_.messages.note("export", "The matrix is in " + path + ".");
  } else {
    context_.messages.error("export", path + ": cannot be written: " + file.errorString() + ".");
  }
}

void MatrixPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  model_.set_watched(true);
}

void MatrixPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  model_.set_watched(false);
}

void MatrixPanel::save(QSettings& settings) const {
  const auto sizes = [](const QSplitter& splitter) {
    const QList<int> list = splitter.sizes();
    return number_list({list.begin(), list.end()});
  };
  settings.setValue("view", to_text(model_.state()));
  settings.setValue("columns", sizes(*columns_));
  settings.setValue("middle", sizes(*middle_));
  settings.beginGroup("cell");
  cell_->pane()->save(settings);
  settings.endGroup();
}

void MatrixPanel::restore(QSettings& settings) {
  const auto set = [&](QSplitter* splitter, const char* key, const std::vector<int>& usual) {
    const std::vector<int> sizes = numbers_in(settings.value(key).toString());
    const auto& chosen = sizes.size() == usual.size() ? sizes : usual;
    splitter->setSizes(QList<int>(chosen.begin(), chosen.end()));
  };
  set(columns_, "columns", {170, 800, 290});
  set(middle_, "middle", {400, 130});
  settings.beginGroup("cell");
  cell_->pane()->restore(settings);
  settings.endGroup();
  model_.set_state(matrix_state_in(settings.value("view").toString()));
}

}  // namespace lea::gui
