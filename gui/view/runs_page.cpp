#include "gui/view/runs_page.h"

#include <QFileDialog>
#include <QVBoxLayout>

#include "core/base/files.h"
#include "core/run/artefact_folder.h"
#include "gui/model/settings.h"
#include "gui/model/text.h"
#include "gui/view/grid_delegate.h"
#include "gui/view/open_folder.h"

namespace lea::gui {
namespace {

using Action = run::Request::Action;

constexpr size_t kSpecBytes = size_t{16} << 20;

QLabel* heading(const QString& text, QWidget* parent) {
  auto* label = plain_label(text, parent);
  QFont bold = label->font();
  bold.setBold(true);
  label->setFont(bold);
  return label;
}

std::vector<int> sizes_of(const QSplitter& splitter) {
  const QList<int> sizes = splitter.sizes();
  return {sizes.begin(), sizes.end()};
}

void set_sizes(QSplitter& splitter, const std::vector<int>& sizes) {
  splitter.setSizes(QList<int>(sizes.begin(), sizes.end()));
}

}  // namespace

RunsPage::RunsPage(const Context& context)
    : context_(context),
      run_(context.lab),
      grids_(context.lab),
      tasks_(grid_),
      failures_(grid_),
      runs_(context.lab) {
  add_actions();
  columns_ = new QSplitter(Qt::Horizontal);
  columns_->addWidget(build_grids());
  columns_->addWidget(build_middle());
  columns_->addWidget(build_details());
  columns_->setChildrenCollapsible(true);
  columns_->setStretchFactor(1, 1);
  whole_ = new QStackedWidget(this);
  build_empty();
  whole_->addWidget(columns_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 6, 6, 6);
  column->addWidget(whole_);

  connect(&context_.lab, &LabModel::grid_news, &grid_, &GridModel::add);
  connect(&context_.lab, &LabModel::opened, this, [this] {
    chose_first_ = false;
    choose_grid("");
    update_state();
  });
  connect(&context_.lab, &LabModel::grids_changed, this, &RunsPage::update_state);
  connect(&context_.lab, &LabModel::refreshing_changed, this, &RunsPage::update_state);
  connect(&runs_, &TableModel::counted, this, &RunsPage::update_state);
  connect(&grid_, &GridModel::reset, this, [this] {
    task_.reset();
    update_actions();
  });
  connect(&grid_, &GridModel::changed, this, &RunsPage::update_actions);
  connect(&context_.navigator, &Navigator::grid, this, [this](const QString& id) {
    Q_EMIT context_.navigator.page("runs");
    choose_grid(id);
  });
  connect(&context_.navigator, &Navigator::run, this, [this](const QString& uuid) {
    Q_EMIT context_.navigator.page("runs");
    show_run(to_std(uuid), "run " + uuid.left(8));
  });
  connect(&context_.navigator, &Navigator::runs, this, [this](const QString& filter) {
    Q_EMIT context_.navigator.page("runs");
    choose_grid("");
    runs_pane_->expression()->setText(filter);
  });
  connect(&context_.launcher, &Launcher::started, this, [this](const QString& id) {
    if (id.isEmpty()) return;
    Q_EMIT context_.navigator.page("runs");
    choose_grid(id);
  });
  choose_grid("");
  update_state();
}

void RunsPage::add_actions() {
  ActionList& actions = context_.actions;
  stop_ = actions.add("runs.stop", "Stop the grid", [this] { ask_grid(Action::kStop); });
  stop_->setIconText("Stop");
  stop_->setToolTip("Interrupt the grid with checkpoints; the same spec continues it");
  retry_failed_ = actions.add("runs.retry_failed", "Retry all runs of the grid that failed",
                              [this] { ask_grid(Action::kRetry); });
  retry_failed_->setIconText("Retry failed");
  skip_waiting_ = actions.add("runs.skip_waiting", "Skip all runs of the grid that wait",
                              [this] { ask_grid(Action::kSkip); });
  skip_waiting_->setIconText("Skip waiting");
  clone_ = actions.add("runs.clone", "Clone the spec of the grid", [this] { clone(); });
  clone_->setIconText("Clone");
  clone_->setToolTip("Open a copy of the spec on the page Experiment");
  folder_ =
      actions.add("runs.folder", "Open the folder of the run or grid", [this] { open_folder(); });
  folder_->setIconText("Folder");
  stop_run_ =
      actions.add("runs.stop_run", "Stop the chosen runs", [this] { ask_run(Action::kStop); });
  retry_run_ =
      actions.add("runs.retry_run", "Retry the chosen runs", [this] { ask_run(Action::kRetry); });
  skip_run_ =
      actions.add("runs.skip_run", "Skip the chosen runs", [this] { ask_run(Action::kSkip); });
  first_run_ = actions.add("runs.first_run", "Start the chosen runs before others",
                           [this] { ask_run(Action::kFirst); });
  compare_ = actions.add("runs.compare", "Compare the selected runs", [this] {
    Q_EMIT context_.navigator.page("results");
    Q_EMIT context_.navigator.compare(selected_runs());
  });
}

QWidget* RunsPage::build_grids() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 4, 0);
  column->addWidget(heading("Grids", box));
  grids_view_ = new QListView(box);
  grids_view_->setModel(&grids_);
  grids_view_->setItemDelegate(new GridDelegate(grids_view_));
  grids_view_->setAccessibleName("Grids of the lab");
  grids_view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  column->addWidget(grids_view_, 1);
  box->setMinimumWidth(150);
  connect(grids_view_->selectionModel(), &QItemSelectionModel::currentChanged, this,
          [this](const QModelIndex& index) {
            if (!choosing_ && index.isValid()) choose_grid(index.data(GridList::kId).toString());
          });
  connect(&grids_, &QAbstractItemModel::modelReset, this, [this] {
    choosing_ = true;
    grids_view_->setCurrentIndex(grids_.index(grids_.row_of(grid_id_)));
    choosing_ = false;
  });
  return box;
}

QWidget* RunsPage::build_middle() {
  middle_ = new QSplitter(Qt::Vertical);
  panel_ = new GridPanel(grid_, {stop_, retry_failed_, skip_waiting_, clone_, folder_});
  tables_ = new QStackedWidget;
  tasks_pane_ = new TablePane("Runs of the grid", tasks_, context_.messages);
  tasks_pane_->expression()->setPlaceholderText("Filter, e.g. status=failed and seed<3");
  runs_pane_ = new TablePane("Runs", runs_, context_.messages);
  runs_pane_->set_add_column([this](const std::string& field) { runs_.add_column(field); });
  tables_->addWidget(runs_pane_);
  tables_->addWidget(tasks_pane_);
  middle_->addWidget(panel_);
  middle_->addWidget(tables_);
  middle_->setChildrenCollapsible(false);
  connect(panel_->map(), &HeatMap::chosen, this, &RunsPage::choose_task);
  connect(panel_->map(), &HeatMap::menu_wanted, this, [this](size_t, const QPoint& at) {
    QMenu menu(this);
    add_run_actions(&menu);
    menu.exec(at);
  });
  connect(panel_->artefacts(), &ArtefactStrip::chosen, this, &RunsPage::choose_task);
  for (TablePane* pane : {tasks_pane_, runs_pane_}) {
    connect(pane, &TablePane::selection_changed, this, &RunsPage::choose_row);
    connect(pane, &TablePane::row_menu, this, &RunsPage::add_run_actions);
    connect(pane, &TablePane::row_activated, this, [this] { details_->setCurrentIndex(0); });
  }
  return middle_;
}

QWidget* RunsPage::build_details() {
  details_ = new QTabWidget;
  details_->setAccessibleName("Details of the run");
  details_->setMinimumWidth(220);
  details_->addTab(new CurvesView(run_), "Curves");
  details_->addTab(new LogView(run_), "Log");
  failures_pane_ = new TablePane("Errors", failures_, context_.messages);
  details_->addTab(failures_pane_, "Errors");
  connect(failures_pane_, &TablePane::selection_changed, this, [this] {
    const auto rows = failures_pane_->selected_rows();
    if (!rows.empty()) choose_task(failures_.group(failures_.index(rows.front(), 0)).tasks.front());
  });
  const auto name_errors = [this] {
    const size_t groups = failures_.groups();
    details_->setTabText(2, groups == 0 ? "Errors" : QString("Errors (%1)").arg(groups));
  };
  connect(&failures_, &QAbstractItemModel::modelReset, this, name_errors);
  return details_;
}

void RunsPage::build_empty() {
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

void RunsPage::update_state() {
  const LabModel& lab = context_.lab;
  const bool has_runs = runs_.rowCount() > 0 || !runs_pane_->expression()->text().isEmpty();
  const bool empty = !lab.is_open() || (lab.grids().empty() && !has_runs);
  choose_lab_->setVisible(!lab.is_open());
  make_lab_->setVisible(!lab.is_open());
  to_experiment_->setVisible(lab.is_open());
  if (!lab.is_open()) {
    empty_->set_text(
        "There is no lab yet",
        "A lab is the folder with your data sets, runs and results. None was found at " +
            shown(lab.missing()) + ". Choose one that you have, or make a new one there.");
  } else {
    empty_->set_text(
        lab.is_refreshing() ? "Looking for runs…" : "This lab has no runs yet",
        "Open or write a spec on the page Experiment and launch it: its grid appears here "
        "at once. A grid that is started in a terminal appears, too.");
  }
  whole_->setCurrentWidget(empty ? static_cast<QWidget*>(empty_) : columns_);
  // The first look shows the grid that works, if one does.
  if (!chose_first_ && !lab.grids().empty()) {
    chose_first_ = true;
    if (lab.grids().front().live) choose_grid(to_qt(lab.grids().front().id));
  }
  update_actions();
}

void RunsPage::choose_grid(const QString& id) {
  grid_id_ = id;
  chose_first_ |= !id.isEmpty();
  grid_.clear();
  run_.show({}, "");
  context_.lab.follow(to_std(id));
  panel_->setVisible(!id.isEmpty());
  tables_->setCurrentWidget(id.isEmpty() ? runs_pane_ : tasks_pane_);
  details_->setTabVisible(2, !id.isEmpty());
  choosing_ = true;
  grids_view_->setCurrentIndex(grids_.index(grids_.row_of(id)));
  choosing_ = false;
  update_actions();
}

void RunsPage::choose_task(size_t task) {
  const int row = tasks_.row_of(task);
  if (row >= 0) {
    tasks_pane_->view()->selectRow(row);  // which leads to choose_row
    tasks_pane_->view()->scrollTo(tasks_.index(row, 0));
    return;
  }
  task_ = task;
  show_run(grid_.task(task).run, to_qt(grid_.header().name(task)));
}

void RunsPage::choose_row() {
  TablePane* pane = grid_id_.isEmpty() ? runs_pane_ : tasks_pane_;
  const std::vector<int> rows = pane->selected_rows();
  if (!rows.empty() && !grid_id_.isEmpty()) {
    task_ = tasks_.task(tasks_.index(rows.front(), 0));
    panel_->map()->set_current(task_);
    show_run(grid_.task(*task_).run, to_qt(grid_.header().name(*task_)));
  } else if (!rows.empty()) {
    const report::RunView* view = runs_.view(rows.front());
    const std::string& uuid = runs_.uuid(rows.front());
    show_run(uuid, view == nullptr
                       ? to_qt(uuid.substr(0, 8))
                       : shown(view->run.experiment) + ", run " + to_qt(uuid.substr(0, 8)));
  }
  update_actions();
}

void RunsPage::show_run(const std::string& id, const QString& title) {
  if (id.empty()) return run_.show({}, title);
  const std::string& lab = context_.lab.folder();
  run_.show(run::is_key(id) ? run::artefact_folder(lab, id) : run::folder_of(lab, id), title);
  update_actions();
}

std::vector<size_t> RunsPage::chosen_tasks() const {
  std::vector<size_t> tasks;
  if (grid_.empty() || grid_id_.isEmpty()) return tasks;
  for (const int row : tasks_pane_->selected_rows())
    tasks.push_back(tasks_.task(tasks_.index(row, 0)));
  return tasks;
}

QStringList RunsPage::selected_runs() const {
  QStringList uuids;
  const bool of_grid = !grid_id_.isEmpty();
  if (of_grid && grid_.empty()) return uuids;
  for (const int row : (of_grid ? tasks_pane_ : runs_pane_)->selected_rows()) {
    const std::string uuid =
        of_grid ? grid_.task(tasks_.task(tasks_.index(row, 0))).run : runs_.uuid(row);
    if (run::is_uuid(uuid)) uuids << to_qt(uuid);
  }
  return uuids;
}

void RunsPage::update_actions() {
  const bool shown = !grid_.empty() && !grid_id_.isEmpty();
  const bool live = shown && grid_.summary().live;
  const auto count = [&](lab::TaskState state) {
    return shown ? grid_.progress().count(state) : 0;
  };
  stop_->setEnabled(live);
  retry_failed_->setEnabled(live && count(lab::TaskState::kFailed) > 0);
  skip_waiting_->setEnabled(live && count(lab::TaskState::kWaiting) > 0);
  clone_->setEnabled(!spec_file().empty());
  folder_->setEnabled(shown || !run_.empty());
  bool running = false, ended = false, waiting = false;
  for (const size_t task : chosen_tasks()) {
    const lab::TaskState state = grid_.task(task).state;
    running |= state == lab::TaskState::kRunning;
    waiting |= state == lab::TaskState::kWaiting || state == lab::TaskState::kElsewhere;
    ended |= state == lab::TaskState::kFailed || state == lab::TaskState::kInterrupted ||
             state == lab::TaskState::kSkipped;
  }
  stop_run_->setEnabled(live && running);
  retry_run_->setEnabled(live && ended);
  skip_run_->setEnabled(live && waiting);
  first_run_->setEnabled(live && waiting);
  compare_->setEnabled(selected_runs().size() == 2);
}

void RunsPage::ask_grid(Action action) {
  context_.launcher.ask(to_std(grid_id_), "", "grid " + to_std(grid_id_), action);
}

void RunsPage::ask_run(Action action) {
  for (const size_t task : chosen_tasks()) {
    context_.launcher.ask(to_std(grid_id_), grid_.header().tasks[task].hash,
                          grid_.header().name(task), action);
  }
}

std::string RunsPage::spec_file() const {
  if (!grid_.empty() && !grid_id_.isEmpty()) return grid_.header().spec;
  const auto rows = runs_pane_->selected_rows();
  const report::RunView* view = rows.empty() ? nullptr : runs_.view(rows.front());
  if (view == nullptr) return "";
  for (const GridSummary& grid : context_.lab.grids()) {
    if (grid.experiment == view->run.experiment) return grid.spec;
  }
  return "";
}

void RunsPage::clone() {
  context_.lab.files().ask(
      clone_ticket_,
      [path = spec_file()](const Lane::Cancelled&) {
        return std::pair{shown(path), to_qt(read_input(path, kSpecBytes))};
      },
      [this](const auto& spec) {
        context_.messages.resolve("clone");
        Q_EMIT context_.navigator.spec_text(spec.second, spec.first);
        Q_EMIT context_.navigator.page("experiment");
      },
      [this](const QString& text) { context_.messages.error("clone", text); });
}

void RunsPage::open_folder() {
  const std::string path = !run_.empty()
                               ? run_.folder().path
                               : run::grids_folder(context_.lab.folder()) + "/" + to_std(grid_id_);
  gui::open_folder(path, context_.messages);
}

void RunsPage::add_run_actions(QMenu* menu) {
  for (QAction* action : {retry_run_, stop_run_, skip_run_, first_run_, compare_}) {
    if (action->isEnabled()) menu->addAction(action);
  }
  if (clone_->isEnabled()) menu->addAction(clone_);
  if (folder_->isEnabled()) menu->addAction(folder_);
}

void RunsPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  run_.set_watched(true);
}

void RunsPage::hideEvent(QHideEvent* event) {
  Page::hideEvent(event);
  run_.set_watched(false);
}

void RunsPage::save(QSettings& settings) const {
  settings.setValue("columns", number_list(sizes_of(*columns_)));
  settings.setValue("middle", number_list(sizes_of(*middle_)));
  settings.setValue("details", details_->currentIndex());
  settings.beginGroup("runs");
  runs_pane_->save(settings);
  settings.endGroup();
}

void RunsPage::restore(QSettings& settings) {
  const auto columns = numbers_in(settings.value("columns").toString());
  set_sizes(*columns_, columns.size() == 3 ? columns : std::vector<int>{190, 640, 420});
  const auto middle = numbers_in(settings.value("middle").toString());
  set_sizes(*middle_, middle.size() == 2 ? middle : std::vector<int>{330, 300});
  details_->setCurrentIndex(std::clamp(settings.value("details", 0).toInt(), 0, 2));
  settings.beginGroup("runs");
  runs_pane_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
