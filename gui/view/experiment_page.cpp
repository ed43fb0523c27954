#include "gui/view/experiment_page.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {

ExperimentPage::ExperimentPage(const Context& context)
    : context_(context),
      spec_(context.messages),
      title_(plain_label({}, this)),
      text_(new QPlainTextEdit(this)) {
  add_actions();
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
  column->addWidget(text_, 1);
  connect(text_, &QPlainTextEdit::textChanged, this, [this] { spec_.set_text(typed()); });
  connect(&spec_, &SpecFile::replaced, this, &ExperimentPage::show_text);
  connect(&spec_, &SpecFile::changed, this, &ExperimentPage::update_actions);
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

// The plain text of Qt would have blanks where non-breaking ones are.
QString ExperimentPage::typed() const {
  return text_->document()->toRawText().replace(QChar::ParagraphSeparator, '\n');
}

void ExperimentPage::show_text() {
  if (typed() != spec_.text()) text_->setPlainText(spec_.text());
}

void ExperimentPage::update_actions() {
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

void ExperimentPage::save(QSettings& settings) const { settings.setValue("spec", spec_.path()); }

void ExperimentPage::restore(QSettings& settings) {
  spec_.restore(QFileInfo(settings.fileName()).absolutePath() + "/unsaved",
                settings.value("spec").toString());
}

}  // namespace lea::gui
