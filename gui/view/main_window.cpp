#include "gui/view/main_window.h"

#include <QCloseEvent>
#include <QFileDialog>
#include <QMenuBar>
#include <QStatusBar>
#include <QTabBar>
#include <QVBoxLayout>

#include "gui/model/text.h"
#include "gui/view/about.h"
#include "gui/view/empty_state.h"
#include "gui/view/file_drop.h"
#include "gui/view/shortcut_editor.h"

namespace lea::gui {
namespace {

constexpr int kLayoutVersion = 1;
constexpr const char* kFirstPage = "runs";

// Bytes as text that a version control system can keep.
QString as_text(const QByteArray& bytes) { return QString::fromLatin1(bytes.toBase64()); }
QByteArray from_text(const QVariant& text) {
  return QByteArray::fromBase64(text.toString().toLatin1());
}

}  // namespace

MainWindow::MainWindow(const Context& context, const std::vector<PageEntry>& pages,
                       QSettings& settings)
    : context_(context),
      settings_(settings),
      area_(new QMainWindow),
      palette_list_(new CommandPalette(context.actions, this)),
      lab_label_(plain_label({}, this)),
      busy_label_(plain_label({}, this)) {
  setObjectName("window");
  resize(1280, 720);
  area_->setWindowFlags(Qt::Widget);
  area_->setDockNestingEnabled(true);
  area_->setDockOptions(QMainWindow::AnimatedDocks | QMainWindow::AllowNestedDocks |
                        QMainWindow::AllowTabbedDocks | QMainWindow::GroupedDragging);
  area_->setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  auto* middle = new QWidget(this);
  auto* column = new QVBoxLayout(middle);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(area_, 1);
  column->addWidget(new MessageBar(context.messages, middle));
  setCentralWidget(middle);
  build_pages(pages);
  build_menus();
  build_status();
  new FileDrop(this, context_.navigator, context_.messages);
  connect(&context_.navigator, &Navigator::page, this, &MainWindow::show_page);
  connect(&context_.lab, &LabModel::opened, this, &MainWindow::lab_opened);
  connect(&context_.lab, &LabModel::refreshing_changed, this, [this] {
    busy_label_->setText(context_.lab.is_refreshing() ? "Bringing the index up to date…" : "");
  });
  context_.actions.restore(settings_);
  for (QAction* action : context_.actions.actions()) addAction(action);
  restore_layout();
  lab_opened();
}

void MainWindow::build_pages(const std::vector<PageEntry>& pages) {
  int number = 0;
  for (const PageEntry& entry : pages) {
    Page* page = entry.make(context_);
    page->setAccessibleName(entry.title);
    auto* dock = new QDockWidget(entry.title, area_);
    dock->setObjectName(entry.id);
    dock->setWidget(page);
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable);
    order_.push_back(entry.id);
    pages_[entry.id] = page;
    docks_[entry.id] = dock;
    context_.actions.add(
        "window." + entry.id, "Go to the page " + entry.title,
        [this, id = entry.id] { show_page(id); }, QKeySequence(QString("Ctrl+%1").arg(++number)));
  }
  arrange_docks();
}

void MainWindow::arrange_docks() {
  QDockWidget* first = nullptr;
  for (const QString& id : order_) {
    QDockWidget* dock = docks_[id];
    dock->setFloating(false);
    area_->addDockWidget(Qt::TopDockWidgetArea, dock);
    if (first != nullptr) area_->tabifyDockWidget(first, dock);
    if (first == nullptr) first = dock;
    dock->show();
  }
}

void MainWindow::show_page(const QString& id) {
  const auto dock = docks_.find(id);
  if (dock == docks_.end()) return;
  dock->second->show();
  dock->second->raise();
  pages_[id]->setFocus();
}

void MainWindow::build_menus() {
  ActionList& actions = context_.actions;
  QMenu* lab = menuBar()->addMenu("&Lab");
  lab->addAction(actions.add(
      "window.open_lab", "Open a lab…", [this] { choose_lab(); }, QKeySequence("Ctrl+Shift+O")));
  lab->addAction(actions.add(
      "window.refresh", "Bring the index up to date", [this] { context_.lab.refresh(); },
      QKeySequence::Refresh));
  lab->addSeparator();
  lab->addAction(actions.add(
      "window.quit", "Quit", [this] { close(); }, QKeySequence("Ctrl+Q")));
  QMenu* view = menuBar()->addMenu("&View");
  view->addAction(actions.add(
      "window.commands", "Search for a command…", [this] { palette_list_->open(); },
      QKeySequence("Ctrl+K")));
  view->addSeparator();
  for (const QString& id : order_) view->addAction(actions.action("window." + id));
  view->addSeparator();
  build_theme_menu(view->addMenu("&Theme"));
  view->addAction(actions.add("window.shortcuts", "Change the keyboard shortcuts…", [this] {
    auto* editor = new ShortcutEditor(context_.actions, this);
    editor->setAttribute(Qt::WA_DeleteOnClose);
    editor->open();
  }));
  view->addAction(
      actions.add("window.reset_layout", "Reset the layout", [this] { reset_layout(); }));
  QMenu* help = menuBar()->addMenu("&Help");
  help->addAction(actions.add("window.about", "About LEA Lab", [this] { show_about(); }));
}

void MainWindow::build_theme_menu(QMenu* menu) {
  auto* group = new QActionGroup(this);
  for (const auto& [theme, text] : {std::pair{Theme::kSystem, "Follow the theme of the system"},
                                    {Theme::kLight, "Use the light theme"},
                                    {Theme::kDark, "Use the dark theme"}}) {
    QAction* action = context_.actions.add("window.theme_" + theme_name(theme), text,
                                           [this, theme = theme] { set_theme(theme); });
    action->setCheckable(true);
    group->addAction(action);
    menu->addAction(action);
    theme_actions_[theme] = action;
  }
}

void MainWindow::build_status() {
  lab_label_->setAccessibleName("Folder of the lab");
  busy_label_->setAccessibleName("Work in the background");
  statusBar()->addWidget(lab_label_);
  statusBar()->addPermanentWidget(busy_label_);
  statusBar()->setSizeGripEnabled(false);
}

void MainWindow::set_theme(Theme theme) {
  theme_ = theme;
  theme_actions_[theme]->setChecked(true);
  Q_EMIT theme_changed(theme);
}

void MainWindow::lab_opened() {
  const LabModel& lab = context_.lab;
  const QString name = shown(lab.folder());
  setWindowTitle(lab.is_open() ? name + " - LEA Lab" : QString("LEA Lab"));
  lab_label_->setText(lab.is_open() ? "Lab: " + name : QString("No lab is open"));
}

void MainWindow::choose_lab() {
  const QString folder = QFileDialog::getExistingDirectory(this, "Open a lab");
  if (!folder.isEmpty()) context_.lab.open(to_std(folder));
}

void MainWindow::show_about() {
  auto* about = new About(this);
  about->setAttribute(Qt::WA_DeleteOnClose);
  about->open();
}

void MainWindow::save_layout() {
  settings_.setValue("window/version", kLayoutVersion);
  settings_.setValue("window/geometry", as_text(saveGeometry()));
  settings_.setValue("window/docks", as_text(area_->saveState(kLayoutVersion)));
  settings_.setValue("window/theme", theme_name(theme_));
  QString front = kFirstPage;
  for (const auto& [id, page] : pages_) {
    if (!page->visibleRegion().isEmpty()) front = id;
    settings_.beginGroup("page_" + id);
    page->save(settings_);
    settings_.endGroup();
  }
  settings_.setValue("window/page", front);
  context_.actions.save(settings_);
  settings_.sync();
  if (settings_.status() != QSettings::NoError)
    context_.messages.report(Severity::kWarning, "settings",
                             settings_.fileName() + ": the layout cannot be kept there.");
}

void MainWindow::restore_layout() {
  const bool known = settings_.value("window/version").toInt() == kLayoutVersion;
  if (known) {
    restoreGeometry(from_text(settings_.value("window/geometry")));
    area_->restoreState(from_text(settings_.value("window/docks")), kLayoutVersion);
  }
  set_theme(theme_from(settings_.value("window/theme").toString()));
  for (const auto& [id, page] : pages_) {
    settings_.beginGroup("page_" + id);
    page->restore(settings_);
    settings_.endGroup();
  }
  show_page(settings_.value("window/page", kFirstPage).toString());
}

void MainWindow::reset_layout() {
  settings_.remove("window/docks");
  settings_.remove("window/geometry");
  arrange_docks();
  for (const auto& [id, page] : pages_) {
    settings_.remove("page_" + id);
    settings_.beginGroup("page_" + id);
    page->restore(settings_);
    settings_.endGroup();
  }
  show_page(kFirstPage);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  save_layout();
  event->accept();
}

}  // namespace lea::gui
