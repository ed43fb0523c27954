#include "gui/view/experiment_page.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/model/settings.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {

ExperimentPage::ExperimentPage(const Context& context)
    : context_(context),
      spec_(context.messages),
      title_(plain_label({}, this)),
      panel_(new SpecPanel(context, this)),
      editor_(new SpecEditor(panel_->facts())),
      sides_(new QSplitter(Qt::Horizontal, this)) {
  add_actions();
  title_->setAccessibleName("File of the spec");
  auto* bar = new QHBoxLayout;
  bar->addWidget(title_, 1);
  for (QAction* action : {open_, save_, copy_, launch_}) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setAccessibleName(action->text());
    bar->addWidget(button);
  }
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 6, 6, 6);
  column->addLayout(bar);
  sides_->addWidget(panel_);
  sides_->addWidget(editor_);
  sides_->setChildrenCollapsible(false);
  column->addWidget(sides_, 1);
  connect(editor_, &SpecEditor::text_edited, this, [this] { spec_.set_text(editor_->text()); });
  connect(editor_, &SpecEditor::other_file, &spec_, &SpecFile::open);
  connect(editor_, &SpecEditor::refused, this,
          [this](const QString& text) { context_.messages.error("editor", text); });
  connect(&editor_->check(), &SpecCheck::checked, this,
          [this] { panel_->show_errors(editor_->check().problems()); });
  connect(&spec_, &SpecFile::replaced, this, &ExperimentPage::show_text);
  connect(&spec_, &SpecFile::changed, this, &ExperimentPage::update_actions);
  connect(&spec_, &SpecFile::changed, this,
          [this] { panel_->show_text(spec_.text(), spec_.path()); });
  connect(panel_, &SpecPanel::edited, editor_, &SpecEditor::replace_text);
  connect(panel_, &SpecPanel::place_wanted, this, [this](int line) { editor_->go_to(line, 1); });
  connect(&spec_, &SpecFile::changed, this,
          [this] { Q_EMIT context_.navigator.spec_shown(spec_.path()); });
  connect(&context_.lab, &LabModel::opened, this, &ExperimentPage::update_actions);
  connect(&context_.launcher, &Launcher::starting_changed, this, &ExperimentPage::update_actions);
  connect(&context_.navigator, &Navigator::spec_file, &spec_, &SpecFile::open);
  connect(&context_.navigator, &Navigator::spec_text, &spec_, &SpecFile::show_copy);
  update_actions();
}

void ExperimentPage::add_actions() {
  ActionList& actions = context_.actions;
  open_ = actions.add(
      "experiment.open", "Open a spec…", [this] { choose_file(); }, QKeySequence::Open);
  open_->setIconText("Open…");
  save_ = actions.add(
      "experiment.save", "Save the spec", [this] { save_spec({}); }, QKeySequence::Save);
  save_->setIconText("Save");
  save_as_ = actions.add("experiment.save_as", "Save the spec under another name…",
                         [this] { save_as({}); });
  reload_ = actions.add("experiment.reload", "Reload the spec from its file, without the edits",
                        [this] { spec_.reload(); });
  launch_ = actions.add(
      "experiment.launch", "Launch the experiment", [this] { launch(); },
      QKeySequence("Ctrl+Return"));
  launch_->setIconText("Launch");
  launch_->setToolTip("Start a grid in the background that does what the spec still lacks");
  copy_ = actions.add("experiment.copy_command", "Copy the launch as a command", [this] {
    QApplication::clipboard()->setText(context_.launcher.command_line({to_std(spec_.path())}));
  });
  copy_->setIconText("Copy as command");
  actions.add(
      "experiment.suggest", "Suggest what can stand at the cursor of the spec",
      [this] { editor_->suggest(); }, QKeySequence("Ctrl+Space"));
  actions.add(
      "experiment.next_problem", "Go to the next problem of the spec",
      [this] { editor_->go_to_next_problem(); }, QKeySequence("F8"));
}

void ExperimentPage::choose_file() {
  const QString path =
      QFileDialog::getOpenFileName(this, "Open a spec", {}, "Specs (*.yaml *.yml)");
  if (!path.isEmpty()) spec_.open(path);
}

void ExperimentPage::save_spec(const std::function<void()>& then) {
  spec_.path().isEmpty() ? save_as(then) : spec_.save(spec_.path(), then);
}

void ExperimentPage::save_as(const std::function<void()>& then) {
  const QString path = QFileDialog::getSaveFileName(this, "Save the spec", "experiment.yaml",
                                                    "Specs (*.yaml *.yml)");
  if (!path.isEmpty()) spec_.save(path, then);
}

// What is launched is what is shown, so it is saved first.
void ExperimentPage::launch() {
  const auto start = [this] { context_.launcher.start({to_std(spec_.path())}); };
  spec_.is_modified() ? save_spec(start) : start();
}

// A text that was read again keeps the cursor and what can be undone; another one begins anew.
void ExperimentPage::show_text() {
  const bool same = !spec_.path().isEmpty() && spec_.path() == shown_path_;
  same ? editor_->replace_text(spec_.text()) : editor_->show_text(spec_.text(), spec_.path());
  shown_path_ = spec_.path();
}

void ExperimentPage::update_actions() {
  if (shown_path_ != spec_.path()) {
    shown_path_ = spec_.path();  // it was saved under another name
    editor_->set_path(shown_path_);
  }
  const bool some = !spec_.text().isEmpty(), has_file = !spec_.path().isEmpty();
  const bool modified = spec_.is_modified();
  if (has_file) {
    title_->setText(shown(to_std(spec_.path())) + (modified ? " (not saved)" : ""));
  } else if (!some) {
    title_->setText("No spec is open");
  } else {
    title_->setText(spec_.origin().isEmpty() ? QString("A new spec (not saved)")
                                             : "A copy of " + spec_.origin() + " (not saved)");
  }
  save_->setEnabled(some && modified);
  save_as_->setEnabled(some);
  reload_->setEnabled(has_file);
  launch_->setEnabled(some && context_.lab.is_open() && !context_.launcher.is_starting());
  copy_->setEnabled(has_file && context_.lab.is_open());
}

void ExperimentPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  spec_.look();
}

void ExperimentPage::save(QSettings& settings) const {
  settings.setValue("spec", spec_.path());
  const QList<int> sides = sides_->sizes();
  // A page that was never shown has no sizes.
  if (sides.value(0) + sides.value(1) > 0)
    settings.setValue("sides", number_list({sides.value(0), sides.value(1)}));
  panel_->save(settings);
}

void ExperimentPage::restore(QSettings& settings) {
  const std::vector<int> sides = numbers_in(settings.value("sides", "560, 640").toString());
  if (sides.size() == 2) sides_->setSizes({sides[0], sides[1]});
  panel_->restore(settings);
  spec_.restore(QFileInfo(settings.fileName()).absolutePath() + "/unsaved",
                settings.value("spec").toString());
}

}  // namespace lea::gui
