#include "gui/view/experiment_page.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFontDatabase>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/base/error.h"
#include "core/base/files.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr size_t kSpecBytes = size_t{16} << 20;

}  // namespace

ExperimentPage::ExperimentPage(const Context& context)
    : context_(context), title_(plain_label({}, this)), text_(new QPlainTextEdit(this)) {
  ActionList& actions = context_.actions;
  QAction* open = actions.add(
      "experiment.open", "Open a spec…", [this] { choose_file(); }, QKeySequence::Open);
  open->setIconText("Open…");
  save_ = actions.add(
      "experiment.save", "Save the spec",
      [this] { path_.isEmpty() ? save_as() : static_cast<void>(save_file(path_)); },
      QKeySequence::Save);
  save_->setIconText("Save");
  launch_ = actions.add(
      "experiment.launch", "Launch the experiment", [this] { launch(); },
      QKeySequence("Ctrl+Return"));
  launch_->setIconText("Launch");
  launch_->setToolTip("Start a grid in the background that does what the spec still lacks");
  copy_ = actions.add("experiment.copy_command", "Copy the launch as a command", [this] {
    QApplication::clipboard()->setText(context_.launcher.command_line({to_std(path_)}));
  });
  copy_->setIconText("Copy as command");
  text_->setAccessibleName("Text of the spec");
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setPlaceholderText(
      "Open a spec, or write one here. It states what differs from the "
      "defaults:\n\nname: mine\ndata: {name: ml-100k}\ngrid:\n  backbone: "
      "[gru4rec]\n  framework: [supervised, snqn]\nseeds: [1, 2, 3]");
  title_->setAccessibleName("File of the spec");
  auto* bar = new QHBoxLayout;
  bar->addWidget(title_, 1);
  for (QAction* action : {open, save_, copy_, launch_}) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setAccessibleName(action->text());
    bar->addWidget(button);
  }
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 6, 6, 6);
  column->addLayout(bar);
  column->addWidget(text_, 1);
  connect(text_, &QPlainTextEdit::textChanged, this, &ExperimentPage::update_actions);
  connect(&context_.lab, &LabModel::opened, this, &ExperimentPage::update_actions);
  connect(&context_.launcher, &Launcher::starting_changed, this, &ExperimentPage::update_actions);
  connect(&context_.navigator, &Navigator::spec_file, this, &ExperimentPage::open);
  connect(&context_.navigator, &Navigator::spec_text, this, &ExperimentPage::show_draft);
  update_actions();
}

void ExperimentPage::open(const QString& path) {
  try {
    text_->setPlainText(to_qt(read_input(to_std(path), kSpecBytes)));
    text_->document()->setModified(false);
    path_ = path;
    context_.messages.resolve("spec");
  } catch (const Error& error) {
    context_.messages.error("spec", to_qt(error.what()));
  }
  update_actions();
}

void ExperimentPage::show_draft(const QString& text, const QString& origin) {
  path_.clear();
  text_->setPlainText(text);
  title_->setText("A copy of " + origin + ", not saved yet");
  update_actions();
}

bool ExperimentPage::save_file(const QString& path) {
  try {
    publish_file(to_std(path), to_std(text_->toPlainText()));
    path_ = path;
    text_->document()->setModified(false);
    update_actions();
    return true;
  } catch (const Error& error) {
    context_.messages.error("spec", to_qt(error.what()));
    return false;
  }
}

void ExperimentPage::choose_file() {
  const QString path =
      QFileDialog::getOpenFileName(this, "Open a spec", {}, "Specs (*.yaml *.yml)");
  if (!path.isEmpty()) open(path);
}

void ExperimentPage::save_as() {
  const QString path = QFileDialog::getSaveFileName(this, "Save the spec", "experiment.yaml",
                                                    "Specs (*.yaml *.yml)");
  if (!path.isEmpty()) save_file(path);
}

// What is launched is what is shown, so it is saved first.
void ExperimentPage::launch() {
  if (path_.isEmpty()) save_as();
  if (path_.isEmpty() || (text_->document()->isModified() && !save_file(path_))) return;
  context_.launcher.start({to_std(path_)});
}

void ExperimentPage::update_actions() {
  const bool some = !text_->document()->isEmpty();
  const bool changed = text_->document()->isModified();
  if (!path_.isEmpty()) {
    title_->setText(shown(to_std(path_)) + (changed ? " (changed)" : ""));
  } else if (!some) {
    title_->setText("No spec is open");
  }
  save_->setEnabled(some && (changed || path_.isEmpty()));
  launch_->setEnabled(some && context_.lab.is_open() && !context_.launcher.is_starting());
  copy_->setEnabled(!path_.isEmpty() && context_.lab.is_open());
}

void ExperimentPage::save(QSettings& settings) const { settings.setValue("spec", path_); }

void ExperimentPage::restore(QSettings& settings) {
  const QString path = settings.value("spec").toString();
  if (path_.isEmpty() && !path.isEmpty() && QFile::exists(path)) open(path);
}

}  // namespace lea::gui
