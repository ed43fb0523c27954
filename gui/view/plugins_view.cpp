#include "gui/view/plugins_view.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QVBoxLayout>
#include <algorithm>

#include "core/base/shell.h"
#include "gui/model/text.h"
#include "gui/view/action_buttons.h"
#include "gui/view/open_folder.h"

namespace lea::gui {
namespace {

constexpr const char* kTrust =
    "A plugin is native code and has your rights. LEA Lab isolates its crashes, not its malice: "
    "install what you would also run as a program.";

}  // namespace

PluginsView::PluginsView(const Context& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      plugins_(context.lab),
      dropped_(context.lab, plugins_),
      consent_(new ConsentBar(this)),
      lists_(new QStackedWidget),
      empty_(new EmptyState),
      columns_(new QSplitter(Qt::Horizontal)),
      middle_(new QSplitter(Qt::Vertical)),
      sizes_(columns_, {820, 420}) {
  add_actions();
  pane_ = new TablePane("Plugins", plugins_, context_.messages);
  pane_->expression()->setPlaceholderText("Filter, e.g. kind=framework and state!=enabled");
  build_empty();
  lists_->addWidget(empty_);
  lists_->addWidget(pane_);
  middle_->addWidget(build_dropped());
  middle_->addWidget(lists_);
  middle_->setChildrenCollapsible(false);
  middle_->setStretchFactor(1, 1);
  columns_->addWidget(middle_);
  columns_->addWidget(build_details());
  columns_->setStretchFactor(0, 1);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->setSpacing(4);
  column->addWidget(build_bar());
  column->addWidget(consent_);
  column->addWidget(columns_, 1);
  for (TablePane* list : {pane_, drop_pane_}) {
    connect(list, &TablePane::selection_changed, this, [this, list] {
      choose_in(list);
      if (!choosing_) show_chosen();
    });
  }
  connect(pane_, &TablePane::row_menu, this, [this](QMenu* menu) {
    for (QAction* action : {enable_, disable_, test_, folder_, remove_}) {
      if (action->isEnabled()) menu->addAction(action);
    }
    fill_commands(menu->addMenu("Copy as command"));
  });
  connect(&plugins_, &PluginTable::listing_changed, this, &PluginsView::update_state);
  connect(&plugins_, &QAbstractItemModel::modelReset, this, &PluginsView::update_state,
          Qt::QueuedConnection);
  connect(&dropped_, &PluginDrop::stage_changed, this, &PluginsView::dropped_changed);
  connect(&context_.navigator, &Navigator::plugin_files, this, &PluginsView::take_files);
  update_state();
}

void PluginsView::add_actions() {
  ActionList& actions = context_.actions;
  const auto add = [&](const char* id, const QString& text, const QString& short_text,
                       const QString& tip, const std::function<void()>& run) {
    QAction* action = actions.add(QString("plugins.") + id, text, run);
    action->setIconText(short_text);
    action->setToolTip(tip);
    return action;
  };
  add_ = add("add", "Add a plugin…", "Add a plugin…",
             "Choose a .so; one can also be dropped anywhere on the window",
             [this] { choose_files(); });
  enable_ = add("enable", "Enable the chosen plugin file", "Enable", "Use its plugins again",
                [this] { set_disabled(false); });
  disable_ = add("disable", "Disable the chosen plugin file", "Disable",
                 "Leave its plugins unused; runs that need them fail until it is enabled",
                 [this] { set_disabled(true); });
  again_ = add("probe_again", "Probe all plugins again", "Probe again",
               "Forget the verdicts and try every file in a process of its own",
               [this] { plugins_.list(lab::ProbeCache::kIgnore); });
  test_ = add("self_test", "Test the chosen plugin file", "Self-test",
              "Make its plugins with default parameters and try them on toy data", [this] {
                for (const std::string& file : chosen_files()) plugins_.self_test(file);
              });
  folder_ = add("folder", "Open the folder of the chosen plugin file", "Folder", "Open its folder",
                [this] {
                  const auto files = chosen_files();
                  if (files.empty()) return;
                  open_folder(to_std(QFileInfo(to_qt(files[0])).absolutePath()), context_.messages);
                });
  remove_ = add("remove", "Remove the chosen plugin file…", "Remove…",
                "Remove a file that was installed by you", [this] { ask_to_remove(); });
  copy_ = add("copy_command", "Copy the command that shows the chosen plugin", "Copy as command",
              "What does the same in a terminal", [this] {
                const QStringList all = commands();
                if (!all.isEmpty()) QApplication::clipboard()->setText(all.front());
              });
  install_ = add("install", "Install the chosen dropped plugins", "Install", kTrust,
                 [this] { dropped_.install(chosen_drops()); });
  skip_ = add("skip", "Skip the probe of the chosen dropped files", "Skip",
              "End the work on a file, such as a plugin that hangs",
              [this] { dropped_.skip(chosen_drops()); });
  clear_ = add("clear_dropped", "Clear the list of dropped plugin files", "Clear",
               "Forget the dropped files that are not being worked on; what is installed stays",
               [this] { dropped_.clear(); });
}

QWidget* PluginsView::build_bar() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  for (QAction* action : {add_, enable_, disable_, again_, test_, folder_, remove_})
    row->addWidget(action_button(action, bar));
  auto* copy = action_button(copy_, bar);
  auto* menu = new QMenu(copy);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] {
    menu->clear();
    fill_commands(menu);
  });
  copy->setMenu(menu);
  copy->setPopupMode(QToolButton::MenuButtonPopup);
  row->addWidget(copy);
  row->addStretch();
  return bar;
}

QWidget* PluginsView::build_dropped() {
  drop_box_ = new QWidget;
  drop_pane_ = new TablePane("Dropped files", dropped_, context_.messages);
  drop_pane_->expression()->setPlaceholderText("Filter, e.g. state=failed");
  drop_pane_->set_filters_shown(false);
  auto* bar = new QHBoxLayout;
  QLabel* title = plain_label("Dropped files", drop_box_);
  QFont bold = title->font();
  bold.setBold(true);
  title->setFont(bold);
  bar->addWidget(title, 1);
  for (QAction* action : {install_, skip_, clear_})
    bar->addWidget(action_button(action, drop_box_));
  QLabel* trust = plain_label(kTrust, drop_box_);
  trust->setWordWrap(true);
  trust->setForegroundRole(QPalette::PlaceholderText);
  auto* column = new QVBoxLayout(drop_box_);
  column->setContentsMargins(0, 0, 0, 4);
  column->setSpacing(4);
  column->addLayout(bar);
  column->addWidget(trust);
  column->addWidget(drop_pane_, 1);
  connect(drop_pane_, &TablePane::row_menu, this, [this](QMenu* menu) {
    for (QAction* action : {install_, skip_}) {
      if (action->isEnabled()) menu->addAction(action);
    }
  });
  drop_box_->hide();
  return drop_box_;
}

QWidget* PluginsView::build_details() {
  auto* details = new QSplitter(Qt::Vertical);
  facts_ = new FactsPanel("Plugin");
  params_pane_ = new TablePane("Parameters", params_, context_.messages);
  params_pane_->expression()->setPlaceholderText("Filter, e.g. type=integer");
  params_pane_->set_filters_shown(false);
  details->addWidget(facts_);
  details->addWidget(params_pane_);
  details->setChildrenCollapsible(false);
  details->setSizes({300, 220});
  return details;
}

void PluginsView::build_empty() {
  auto* again = empty_->add_button("Look again", [this] { plugins_.list(); });
  again->setAccessibleName("Look for plugins again");
  empty_->add_button("Add a plugin…", [this] { choose_files(); });
}

void PluginsView::choose_files() {
  take_files(
      QFileDialog::getOpenFileNames(this, "Add plugins", {}, "Plugins (*.so);;All files (*)"));
}

void PluginsView::take_files(const QStringList& paths) {
  if (paths.isEmpty()) return;
  Q_EMIT context_.navigator.page("plugins");
  if (!plugins_.was_listed() && !plugins_.is_listing()) plugins_.list();
  // What can be installed is shown at once, so that one look and one click are enough.
  const int first = dropped_.add(paths);
  drop_pane_->view()->selectRow(dropped_.row_of_id(QString::number(first)));
}

void PluginsView::dropped_changed() {
  const bool was_hidden = !drop_box_->isVisibleTo(this);
  drop_box_->setVisible(dropped_.rows() > 0);
  if (was_hidden && dropped_.rows() > 0) middle_->setSizes({230, 300});
  show_chosen();
}

std::vector<QModelIndex> PluginsView::chosen_drops() const {
  std::vector<QModelIndex> chosen;
  for (const int row : drop_pane_->selected_rows()) chosen.push_back(dropped_.index(row, 0));
  return chosen;
}

std::vector<std::string> PluginsView::chosen_files() const {
  std::vector<std::string> files;
  for (const int row : pane_->selected_rows()) {
    const std::string& file = plugins_.record(plugins_.index(row, 0)).file;
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  }
  return files;
}

// One of the two lists has the choice.
void PluginsView::choose_in(TablePane* list) {
  if (list->selected_rows().empty() || choosing_) return;
  choosing_ = true;
  (list == pane_ ? drop_pane_ : pane_)->view()->clearSelection();
  choosing_ = false;
}

void PluginsView::show_chosen() {
  const auto drops = chosen_drops();
  const auto rows = pane_->selected_rows();
  if (!drops.empty()) {
    show_dropped(drops.front());
  } else if (!rows.empty()) {
    show_plugin(plugins_.index(rows.front(), 0));
  } else {
    facts_->show_advice("Choose a plugin to see what is known of it.");
    params_.set_params({});
  }
  update_actions();
}

void PluginsView::show_dropped(const QModelIndex& index) {
  const lab::PluginRecord* record = dropped_.record(index);
  const bool failed = dropped_.stage(index) == PluginDrop::Stage::kFailed;
  Facts facts = dropped_.facts(index);
  if (!failed) facts.insert(facts.begin(), {"Answer", dropped_.answer(index)});
  const QString name = QFileInfo(to_qt(dropped_.path(index))).fileName();
  facts_->show_facts(shown(to_std(name)), facts, failed ? dropped_.answer(index) : QString());
  params_.set_params(record == nullptr ? std::vector<ParamInfo>() : record->plugins[0].params);
}

void PluginsView::show_plugin(const QModelIndex& index) {
  const lab::PluginRecord& record = plugins_.record(index);
  const spec::PluginInfo* plugin = plugins_.plugin(index);
  const QString title = plugin == nullptr
                            ? QFileInfo(to_qt(record.file)).fileName()
                            : to_qt(plugin->kind + " " + plugin->id + " " + plugin->version);
  facts_->show_facts(shown(to_std(title)), plugin_facts(record, plugin, plugins_.place(index)),
                     to_qt(record.reason));
  params_.set_params(plugin == nullptr ? std::vector<ParamInfo>() : plugin->params);
}

void PluginsView::update_state() {
  const bool some = !plugins_.records().empty();
  if (!some) {
    std::string folders;
    for (const std::string& folder : lab::plugin_folders(context_.lab.plugin_dirs))
      folders += "\n" + printable(folder);
    if (plugins_.is_listing() || !plugins_.was_listed()) {
      empty_->set_text("Reading the plugins…",
                       "Each new file is tried once in a process of its own.");
    } else {
      empty_->set_text(
          "There are no plugins yet",
          "Drop a .so anywhere on the window, or add one. `lealab plugins new backbone "
          "NAME` begins one of your own. These folders are searched:" +
              to_qt(folders));
    }
    if (!plugins_.problem().isEmpty())
      empty_->set_text("The plugins cannot be read", plugins_.problem());
  }
  lists_->setCurrentWidget(some ? static_cast<QWidget*>(pane_) : empty_);
  show_chosen();
}

void PluginsView::update_actions() {
  bool any_enabled = false, any_disabled = false, any_own = false;
  const auto rows = pane_->selected_rows();
  for (const int row : rows) {
    const QModelIndex index = plugins_.index(row, 0);
    const bool disabled = plugins_.record(index).state == lab::PluginState::kDisabled;
    any_disabled |= disabled;
    any_enabled |= !disabled;
    any_own |= plugins_.place(index) == lab::PluginPlace::kUser;
  }
  enable_->setEnabled(any_disabled);
  disable_->setEnabled(any_enabled);
  test_->setEnabled(any_enabled);
  folder_->setEnabled(!rows.empty());
  remove_->setEnabled(any_own);
  again_->setEnabled(!plugins_.is_listing());
  bool any_probed = false, any_working = false;
  for (const QModelIndex& index : chosen_drops()) {
    any_probed |= dropped_.stage(index) == PluginDrop::Stage::kProbed;
    any_working |= dropped_.stage(index) < PluginDrop::Stage::kProbed;
  }
  install_->setEnabled(any_probed);
  skip_->setEnabled(any_working);
  clear_->setEnabled(dropped_.rows() > 0);
  copy_->setEnabled(!commands().isEmpty());
}

void PluginsView::set_disabled(bool disabled) { plugins_.set_disabled(chosen_files(), disabled); }

void PluginsView::ask_to_remove() {
  std::vector<std::string> files;
  for (const int row : pane_->selected_rows()) {
    const QModelIndex index = plugins_.index(row, 0);
    const std::string& file = plugins_.record(index).file;
    if (plugins_.place(index) == lab::PluginPlace::kUser &&
        std::find(files.begin(), files.end(), file) == files.end())
      files.push_back(file);
  }
  if (files.empty()) return;
  consent_->ask("Remove " + shown(joined(files)) +
                    "? Runs that are at work go on; a run that begins later and needs it fails.",
                "Remove", [this, files] {
                  for (const std::string& file : files) plugins_.remove(file);
                });
}

QStringList PluginsView::commands() const {
  QStringList lines;
  const auto add = [&](const std::vector<std::string>& words) {
    std::vector<std::string> line = {"lealab"};
    for (const std::string& folder : context_.lab.plugin_dirs)
      line.insert(line.end(), {"--plugin-dir", folder});
    line.push_back("plugins");
    line.insert(line.end(), words.begin(), words.end());
    lines << to_qt(shell_line(line));
  };
  for (const QModelIndex& index : chosen_drops()) add({"install", dropped_.path(index)});
  if (!chosen_drops().empty()) return lines;
  const auto rows = pane_->selected_rows();
  if (rows.empty()) return lines;
  const QModelIndex index = plugins_.index(rows.front(), 0);
  const lab::PluginRecord& record = plugins_.record(index);
  const spec::PluginInfo* plugin = plugins_.plugin(index);
  if (plugin != nullptr) add({"show", plugin->id});
  add({"check", record.file});
  add({record.state == lab::PluginState::kDisabled ? "enable" : "disable", record.file});
  if (plugins_.place(index) == lab::PluginPlace::kUser) add({"remove", record.file});
  add({"--again"});
  return lines;
}

void PluginsView::fill_commands(QMenu* menu) const {
  for (const QString& line : commands()) {
    menu->addAction(plain_title(line), menu, [line] { QApplication::clipboard()->setText(line); });
  }
}

void PluginsView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  sizes_.shown();
  if (!plugins_.was_listed() && !plugins_.is_listing()) plugins_.list();
}

void PluginsView::save(QSettings& settings) const {
  settings.setValue("columns", sizes_.text());
  settings.beginGroup("plugins");
  pane_->save(settings);
  settings.endGroup();
}

void PluginsView::restore(QSettings& settings) {
  sizes_.restore(settings.value("columns").toString());
  settings.beginGroup("plugins");
  pane_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
